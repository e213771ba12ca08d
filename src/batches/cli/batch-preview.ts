import { Command } from 'commander'
import { settingsHere, withSessionHere } from '../../cli/context.ts'
import { Failure } from '../../cli/failure.ts'
import { table } from '../../cli/table.ts'
import type { Settings } from '../../config.ts'
import { CLOCKS } from '../../core/clocks.ts'
import { formatCount, formatDecimal, formatMoney, NOTHING } from '../../core/format.ts'
import type { Session } from '../../postgres/session.ts'
import { findNewestPrices, type NewestPrices } from '../../prices/newest-prices.ts'
import { findForeignWallets } from '../foreign-wallets.ts'
import type { BatchState } from '../lifecycle.ts'
import { firstWalletOf, type Preview, readPreview } from '../preview.ts'
import { readProgress } from '../queries.ts'
import { batchNumber } from './batch-commands.ts'
import { gramPricesOf, totalLines } from './batch-total.ts'

/** `goldpro batch preview ID` */
export function previewCommand(): Command {
  return new Command('preview')
    .description(
      'show what a batch would do: rows, grams and rupiah per kind, and what to check before approval',
    )
    .argument('<batch>', 'its number', batchNumber)
    .option('--json', 'print it as JSON')
    .addHelpText(
      'after',
      `
Rows name grams or rupiah. The other one is estimated at the gateway's chart price of today or, when the gateway cannot be
reached, at the newest price that a worker has captured (see \`goldpro prices\`). Fees are known only when each row gets
its quote.

Example:
  $ goldpro batch preview 1`,
    )
    .action(async (batchId: number, { json }: { json?: true }) => {
      const settings = await settingsHere()
      await withSessionHere(settings, async (session) => {
        const batch = await readProgress(session, batchId)
        if (batch === null) throw new Failure(1, `there is no batch ${batchId}: see \`goldpro batch list\``)
        const wallet = await firstWalletOf(session, batchId)
        const newest = await newestPrices(settings, session, wallet)
        const prices = gramPricesOf(newest)
        const preview = await readPreview(session, batchId, prices)
        const refused = await findForeignWallets(session, batchId, MOST_REFUSED_SHOWN)
        const { contentHash, owner, rows, state } = batch
        if (json)
          return console.log(
            JSON.stringify({
              batchId,
              owner,
              state,
              rows,
              contentHash,
              prices,
              pricesBy: newest,
              ...preview,
              refusedWallets: refused.badRows,
            }),
          )
        console.log(
          `batch ${batchId} (${batch.fileName}): ${state}, ${formatCount(rows)} rows, by ${batch.createdBy}`,
        )
        console.log(`content hash ${contentHash}${owner === null ? '' : `, of partner ${owner}`}\n`)
        console.log(formatPreview(preview, newest))
        if (refused.badRows > 0) console.log(formatRefused(refused))
        const next = NEXT[state]
        // A plan's batch is run only by its plan.
        if (next !== undefined && batch.plan === null) console.log(`\nnext: ${next(batchId)}`)
      })
    })
}

const MOST_REFUSED_SHOWN = 5

/** What would be refused under the wallet policy if the batch ran now. */
function formatRefused({ badRows, problems }: Awaited<ReturnType<typeof findForeignWallets>>): string {
  const rows = problems.map(({ rowNumber, maskedValue }) => `row ${rowNumber} (${maskedValue})`).join(', ')
  const more = badRows > problems.length ? ', …' : ''
  return `\nrefused wallets     ${formatCount(badRows)} rows are not their partners' wallets and would end as refused: ${rows}${more}\n                    \`goldpro wallet link\` links wallets`
}

/** The newest known prices. The gateway gives its chart only to a wallet. */
async function newestPrices(
  { gateway }: Settings,
  session: Session,
  wallet: string | null,
): Promise<NewestPrices> {
  if (gateway === null || wallet === null) return await findNewestPrices(session, null)
  const { createGatewayClient } = await import('../../gateway/client.ts')
  const log = { debug() {}, info() {}, warn() {}, error() {} }
  const client = createGatewayClient({ ...gateway, timeoutMs: 5_000 }, { ...CLOCKS, log })
  try {
    return await findNewestPrices(session, (side) => client.chart(side, wallet))
  } finally {
    client.close()
  }
}

/** The command that follows the preview of a batch that has not run. */
const NEXT: Partial<Record<BatchState, (batchId: number) => string>> = {
  checked: (batchId) => `\`goldpro batch approve ${batchId}\` by another person`,
  approved: (batchId) => `\`goldpro batch run ${batchId}\``,
}

function formatPreview(preview: Preview, prices: NewestPrices): string {
  const { kinds, knownOrders, conflicts, overdue, repeatedWallets, topWallets, largest } = preview
  const wallets = topWallets.map(({ wallet, rows }) => `${wallet} ${formatCount(rows)} times`)
  return [
    table(
      ['kind', 'rows', 'grams', 'rupiah', 'more grams, estimated', 'more rupiah, estimated'],
      kinds.map((each) => [
        each.kind,
        each.rows,
        formatDecimal(each.grams),
        formatMoney(each.rupiah),
        gramsOrUnknown(each.estimatedGrams),
        rupiahOrUnknown(each.estimatedRupiah),
      ]),
      ['rows', 'grams', 'rupiah', 'more grams, estimated', 'more rupiah, estimated'],
    ),
    '',
    ...totalLines(preview.total, prices, 20),
    '',
    `known references    ${formatCount(knownOrders)} are orders already and are not sent again; ${formatCount(conflicts)} are orders with other content: conflicts`,
    'inside the file     no reference is repeated',
    ...(overdue > 0 ? [`deadlines           ${formatCount(overdue)} have passed`] : []),
    `wallets             ${formatCount(repeatedWallets)} appear more than once${wallets.length === 0 ? '' : `: ${wallets.join(', ')}`}`,
    '',
    'largest rows',
    table(
      ['row', 'reference', 'kind', 'grams', 'rupiah'],
      largest.map(({ rowNumber, reference, kind, grams, rupiah, estimatedRupiah }) => [
        String(rowNumber),
        reference,
        kind,
        grams === null ? NOTHING : formatDecimal(grams),
        rupiah === null ? estimateOrUnknown(estimatedRupiah) : formatMoney(rupiah),
      ]),
      ['row', 'grams', 'rupiah'],
    ),
  ].join('\n')
}

const estimateOrUnknown = (digits: string | null) =>
  digits === null ? 'unknown' : `about ${formatMoney(digits)}`
const rupiahOrUnknown = (digits: string | null) => (digits === null ? 'unknown' : formatMoney(digits))
const gramsOrUnknown = (digits: string | null) => (digits === null ? 'unknown' : formatDecimal(digits))
