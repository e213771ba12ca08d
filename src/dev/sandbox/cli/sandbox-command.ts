import { Command, InvalidArgumentError } from 'commander'
import { describeFailure, errorCode, Failure } from '../../../cli/failure.ts'
import { parsedBy } from '../../../cli/options.ts'
import { endSignal } from '../../../cli/signals.ts'
import { parseSettings } from '../../../config.ts'
import { FAULTS, type FaultName, type FaultSetting } from '../faults.ts'
import { startSandbox } from '../sandbox.ts'
import { TEST_WALLETS } from '../test-wallets.ts'
import { type KeptLedger, openKeptLedger } from './kept-ledger.ts'

/** The balances of a wallet that is first seen: a billion rupiah and 1 kg. */
export const OPEN_WALLETS = { rupiah: 1_000_000_000, goldWeight: 10_000_000 }

/** `goldpro sandbox` */
export function sandboxCommand(): Command {
  return new Command('sandbox')
    .description('run a sandbox gateway with a real ledger and named faults')
    .option('--port <number>', 'port on 127.0.0.1', port, 4010)
    .option('--host <address>', 'address to listen on', '127.0.0.1')
    .option('--seed <number>', 'seed of prices, ids and faults (default: 1)', seedOption)
    .option('--ledger <file>', 'keep the ledger in this file for the next start')
    .option(
      '--fault <name=rate>',
      'a fault and its rate from 0 to 1 among the confirms; may be repeated',
      addFault,
      {},
    )
    .addHelpText(
      'after',
      `
Faults: ${Object.keys(FAULTS).join(', ')}.
Wallets to test with:
${TEST_WALLETS.map(({ phoneNumber, what }) => `  ${phoneNumber}  ${what}`).join('\n')}
A wallet is opened when it is first seen, premium and with large balances. Ledger, faults and statement are under /sandbox/.
Without --ledger the sandbox forgets everything at its end and issues the same ids again: use --ledger with a database that
you keep. With GATEWAY_CLIENT_ID or GATEWAY_SIGNING_KEY_ID set, tokens and signatures are checked. See docs/sandbox.md.

Example:
  $ goldpro sandbox --seed 7 --fault reply_lost=0.02 --fault price_change=0.1
  $ goldpro sandbox --ledger sandbox.jsonl
  $ GATEWAY_URL=http://127.0.0.1:4010 goldpro worker`,
    )
    .action(runSandbox)
}

interface SandboxOptions {
  readonly port: number
  readonly host: string
  readonly seed?: number
  readonly ledger?: string
  readonly fault: Partial<Record<FaultName, FaultSetting>>
}

async function runSandbox({ port, host, seed, ledger, fault }: SandboxOptions): Promise<void> {
  const { gateway } = parseSettings({ ...process.env, GATEWAY_URL: NO_URL })
  const ended = endSignal()
  const kept = ledger === undefined ? null : openNamedLedger(ledger, seed)
  try {
    const sandbox = await startSandbox({
      ...{ port, host, seed: seed ?? DEFAULT_SEED, faults: fault, openWallets: OPEN_WALLETS },
      ...(kept === null ? {} : { journal: kept.journal, onError: printError }),
      ...(gateway === null ? {} : { sellPath: gateway.sellPath }),
      ...(gateway?.oauth == null ? {} : { oauth: gateway.oauth }),
      ...(gateway?.signing == null ? {} : { signing: gateway.signing }),
    }).catch((error: unknown) => {
      throw new Failure(1, `cannot listen on ${host}:${port} (${errorCode(error)}): choose another --port`)
    })
    const memory =
      kept === null
        ? 'in memory only: --ledger FILE keeps it'
        : `kept in ${ledger}, ${kept.transactions} transactions so far`
    console.log(
      `sandbox gateway on ${sandbox.url}\n  ledger: ${memory}\n  statement: curl ${sandbox.url}/sandbox/statement\n  Ctrl-C ends it`,
    )
    await ended
    await sandbox.stop()
  } finally {
    kept?.release()
  }
}

const DEFAULT_SEED = 1

/** Opens the named ledger. Its prices and ids continue by its own seed, so another seed is refused. */
function openNamedLedger(file: string, seed: number | undefined): KeptLedger {
  const kept = openKeptLedger(file, seed ?? DEFAULT_SEED)
  if (seed === undefined || seed === kept.journal.seed) return kept
  kept.release()
  throw new Failure(
    2,
    `${file} was begun with --seed ${kept.journal.seed}: leave --seed out, or name another file`,
  )
}

/** Prints an error of the sandbox on the terminal. */
export function printError(error: unknown): void {
  console.error(`sandbox: ${describeFailure(error).line}`)
}

/** A seed of prices, ids and faults, as an option. */
export const seedOption = parsedBy(
  (text) => (/^\d{1,9}$/.test(text) ? Number(text) : null),
  'a whole number from 0 to 999999999',
)

/** The sandbox uses the gateway's settings except the address. */
const NO_URL = 'http://sandbox.invalid'

function port(text: string): number {
  const value = Number(text)
  if (Number.isInteger(value) && value >= 0 && value <= 65_535) return value
  throw new InvalidArgumentError('must be a port from 0 to 65535; 0 takes a free one')
}

function addFault(
  text: string,
  faults: Partial<Record<FaultName, FaultSetting>>,
): Partial<Record<FaultName, FaultSetting>> {
  const [name = '', rate = ''] = text.split('=')
  const value = Number(rate)
  if (!Object.hasOwn(FAULTS, name) || rate === '' || !(value >= 0 && value <= 1))
    throw new InvalidArgumentError(
      `must be name=rate with a rate from 0 to 1; names: ${Object.keys(FAULTS).join(', ')}`,
    )
  return { ...faults, [name]: { rate: value } }
}
