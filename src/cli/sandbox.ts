import { Command, InvalidArgumentError } from 'commander'
import { parseSettings } from '../config.ts'
import { FAULTS, type FaultName, type FaultSetting } from '../sandbox/faults.ts'
import { startSandbox } from '../sandbox/sandbox.ts'
import { errorCode, Failure } from './failure.ts'
import { endSignal } from './signals.ts'

/** What a wallet starts with that the sandbox sees for the first time: a billion rupiah and 1 kg. */
export const OPEN_WALLETS = { rupiah: 1_000_000_000, goldWeight: 10_000_000 }

/** `goldpro sandbox` */
export function sandboxCommand(): Command {
  return new Command('sandbox')
    .description("run the gateway's double: a real ledger, and faults by name")
    .option('--port <number>', 'port on 127.0.0.1', port, 4010)
    .option('--host <address>', 'address to listen on', '127.0.0.1')
    .option('--seed <number>', 'seed of prices and faults', Number, 1)
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
A wallet is opened, rich and premium, when it is first seen. Ledger, faults and statement are read under /sandbox/.
With GATEWAY_CLIENT_ID or GATEWAY_SIGNING_KEY_ID set, tokens and signatures are checked. See docs/sandbox.md.

Example:
  $ goldpro sandbox --seed 7 --fault reply_lost=0.02 --fault price_change=0.1
  $ GATEWAY_URL=http://127.0.0.1:4010 goldpro worker`,
    )
    .action(runSandbox)
}

interface SandboxOptions {
  readonly port: number
  readonly host: string
  readonly seed: number
  readonly fault: Partial<Record<FaultName, FaultSetting>>
}

async function runSandbox({ port, host, seed, fault }: SandboxOptions): Promise<void> {
  const { gateway } = parseSettings({ ...process.env, GATEWAY_URL: NO_URL })
  const sandbox = await startSandbox({
    port,
    host,
    seed,
    faults: fault,
    openWallets: OPEN_WALLETS,
    ...(gateway === null ? {} : { sellPath: gateway.sellPath }),
    ...(gateway?.oauth == null ? {} : { oauth: gateway.oauth }),
    ...(gateway?.signing == null ? {} : { signing: gateway.signing }),
  }).catch((error: unknown) => {
    throw new Failure(1, `cannot listen on ${host}:${port} (${errorCode(error)}): choose another --port`)
  })
  console.log(
    `sandbox gateway on ${sandbox.url}\n  statement: curl ${sandbox.url}/sandbox/statement\n  Ctrl-C ends it`,
  )
  await endSignal()
  await sandbox.stop()
}

/** The sandbox is the gateway: of the gateway's settings it uses all but the address. */
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
