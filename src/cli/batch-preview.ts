import { Command } from 'commander'
import { readGramPrices } from '../batches/gram-prices.ts'
import { type GramPrices, type Preview, readPreview, walletOf } from '../batches/preview.ts'
import { readProgress } from '../batches/read-batches.ts'
import type { Settings } from '../config.ts'
import { formatRupiah, type Rupiah } from '../domain/money.ts'
import { batchNumber } from './batch-moves.ts'
import { Failure } from './failure.ts'
import { settingsHere, withSessionHere } from './place.ts'
import { table } from './table.ts'

/** `goldpro batch preview ID` */
export function previewCommand(): Command {
  return new Command('preview')
    .description('tell what a batch would do: rows, grams and rupiah per kind, and what to look at twice')
    .argument('<batch>', 'its number', batchNumber)
    .option('--json', 'print it as JSON')
    .addHelpText(
      'after',
      `
Rupiah of rows that name grams, and grams of rows that name rupiah, are estimated at the gateway's chart price of today.
Fees are first known when each row takes its quote.

Example:
  $ goldpro batch preview 1`,
    )
    .action(async (batchId: number, { json }: { json?: true }) => {
      const settings = await settingsHere()
      await withSessionHere(settings, async (session) => {
        const batch = await readProgress(session, batchId)
        if (batch === null) throw new Failure(1, `there is no batch ${batchId}: see \`goldpro batch list\``)
        const wallet = await walletOf(session, batchId)
        const prices = await pricesOfToday(settings, wallet)
        const preview = await readPreview(session, batchId, prices)
        const { contentHash, owner, rows, state } = batch
        if (json)
          return console.log(JSON.stringify({ batchId, owner, state, rows, contentHash, prices, ...preview }))
        console.log(`batch ${batchId} (${batch.fileName}): ${state}, ${rows} rows, by ${batch.createdBy}`)
        console.log(`content hash ${contentHash}${owner === null ? '' : `, of partner ${owner}`}\n`)
        console.log(tellPreview(preview, prices))
      })
    })
}

/** The newest prices of the gateway's chart; unknown when it cannot be asked. */
async function pricesOfToday({ gateway }: Settings, wallet: string | null): Promise<GramPrices> {
  if (gateway === null || wallet === null) return { buy: null, sell: null }
  const { createGatewayClient } = await import('../gateway/client.ts')
  const log = { debug() {}, info() {}, warn() {}, error() {} }
  const client = createGatewayClient({ ...gateway, timeoutMs: 5_000 }, { now: Date.now, log })
  try {
    return await readGramPrices(wallet, (side, phoneNumber) => client.chart(side, phoneNumber))
  } finally {
    client.close()
  }
}

function tellPreview(preview: Preview, prices: GramPrices): string {
  const { kinds, knownOrders, conflicts, overdue, repeatedWallets, topWallets, largest } = preview
  const wallets = topWallets.map(({ wallet, rows }) => `${wallet} ${rows} times`)
  return [
    table(
      ['kind', 'rows', 'grams', 'rupiah', 'more grams, estimated', 'more rupiah, estimated'],
      kinds.map((each) => [
        ...[each.kind, String(each.rows), each.grams, formatRupiah(BigInt(each.rupiah))],
        ...[each.estimatedGrams ?? 'unknown', rupiahOrUnknown(each.estimatedRupiah)],
      ]),
      ['rows', 'grams', 'rupiah', 'more grams, estimated', 'more rupiah, estimated'],
    ),
    '',
    `price of a gram     ${priceLine(prices)}`,
    'fees                not known before each row takes its quote',
    `known references    ${knownOrders} are orders already and are not sent again; ${conflicts} are orders with other content: conflicts`,
    'inside the file     no reference stands twice',
    ...(overdue > 0 ? [`deadlines           ${overdue} have passed already`] : []),
    `wallets             ${repeatedWallets} appear more than once${wallets.length === 0 ? '' : `: ${wallets.join(', ')}`}`,
    '',
    'largest rows',
    table(
      ['row', 'reference', 'kind', 'grams', 'rupiah'],
      largest.map(({ rowNumber, reference, kind, grams, rupiah }) => [
        ...[String(rowNumber), reference, kind, grams ?? '–'],
        rupiah === null ? '–' : formatRupiah(BigInt(rupiah)),
      ]),
      ['row', 'grams', 'rupiah'],
    ),
  ].join('\n')
}

const rupiahOrUnknown = (digits: string | null) =>
  digits === null ? 'unknown' : formatRupiah(BigInt(digits))

function priceLine({ buy, sell }: GramPrices): string {
  if (buy === null && sell === null)
    return 'unknown: the gateway was not reached; set GATEWAY_URL to have it estimated'
  const spelled = (price: Rupiah | null) => (price === null ? 'unknown' : formatRupiah(price))
  return `buy ${spelled(buy)}, sell ${spelled(sell)}, by the gateway's chart`
}
