import { Command } from 'commander'
import { requireGateway, settingsHere } from '../cli/context.ts'
import { Failure } from '../cli/failure.ts'
import { phoneNumberOption } from '../cli/options.ts'
import { CLOCKS } from '../core/clocks.ts'
import { maskKtp } from '../core/masking.ts'
import { createLog } from '../observability/log.ts'
import { type Answer, createGatewayClient, type GatewayClient } from './client.ts'

/** `goldpro gateway …`: the operations that are not orders. They print the gateway's data as JSON. */
export function gatewayCommand(): Command {
  const command = new Command('gateway').description("call the gateway's operations that are not orders")
  command
    .command('register')
    .description('activate a wallet')
    .argument('<phone-number>', 'the wallet', phoneNumberOption)
    .requiredOption('--name <name>', "the customer's name")
    .requiredOption('--email <address>', "the customer's e-mail address")
    .addHelpText('after', example('register 081234500001 --name "Sari Contoh" --email sari@contoh.example'))
    .action((phone_number: string, { name, email, json }: { name: string; email: string; json?: true }) =>
      print((client) => client.register({ phone_number, name, email }), json),
    )
  command
    .command('region')
    .description('list collection points of a kecamatan')
    .argument('<kecamatan>', 'the subdistrict')
    .addHelpText('after', example('region Gambir'))
    .action((kecamatan: string, { json }: { json?: true }) =>
      print((client) => client.region(kecamatan), json),
    )
  command
    .command('address')
    .description("read a wallet's withdrawal address, its KTP number masked")
    .argument('<phone-number>', 'the wallet', phoneNumberOption)
    .addHelpText('after', example('address 081234500001'))
    .action((phoneNumber: string, { json }: { json?: true }) =>
      print((client) => client.getAddress(phoneNumber), json),
    )
  command
    .command('chart')
    .description('print the price per gram of the last days')
    .argument('<phone-number>', 'a wallet', phoneNumberOption)
    .option('--side <side>', 'buy or sell', 'buy')
    .addHelpText('after', example('chart 081234500001 --side sell'))
    .action((phoneNumber: string, { side, json }: { side: string; json?: true }) => {
      if (side !== 'buy' && side !== 'sell') throw new Failure(2, '--side must be buy or sell')
      return print((client) => client.chart(side, phoneNumber), json)
    })
  for (const sub of command.commands) sub.option('--json', 'print the data on one line')
  return command
}

function example(rest: string): string {
  return `\nExample:\n  $ goldpro gateway ${rest}`
}

async function print(
  call: (client: GatewayClient) => Promise<Answer<unknown>>,
  isOneLine = false,
): Promise<void> {
  const { gateway, logLevel } = await settingsHere()
  if (gateway === null)
    throw new Failure(
      2,
      'GATEWAY_URL is not set and no `goldpro up` runs in this folder: set it, or start `goldpro up`',
    )
  await requireGateway(gateway.baseUrl)
  const client = createGatewayClient(gateway, { ...CLOCKS, log: createLog(logLevel) })
  try {
    const answer = await call(client)
    if (answer.is !== 'answered') throw new Failure(1, `the gateway says: ${answer.message}`)
    console.log(JSON.stringify(answer.data, masked, isOneLine ? 0 : 2))
  } finally {
    client.close()
  }
}

/** Masks the KTP number, which must not stay in a terminal's scrollback. */
function masked(field: string, value: unknown): unknown {
  return field === 'ktp' && typeof value === 'string' ? maskKtp(value) : value
}
