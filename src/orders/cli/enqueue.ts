import { createReadStream } from 'node:fs'
import { access } from 'node:fs/promises'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import { SingleBar } from 'cli-progress'
import { Command } from 'commander'
import { readyDatabaseUrl, requireQueue, settingsHere } from '../../cli/context.ts'
import { Failure } from '../../cli/failure.ts'
import { describeProblems } from '../../core/field-problems.ts'
import { readStrictJson } from '../../core/strict-json.ts'
import type { OrderRequest } from '../../queue/order-request.ts'
import { checkOrder, createProducer, type Producer } from '../../queue/producer.ts'
import { InvalidOrderError } from '../submission.ts'

/** Bad lines that are listed; the rest is only counted. */
const LISTED_LINES = 20

/** `goldpro enqueue FILE` */
export function enqueueCommand(): Command {
  return new Command('enqueue')
    .description('check the orders of a file and add them to the queue')
    .argument('<file>', 'a file of JSON lines; - for standard input')
    .option('--json', 'print the counts as JSON')
    .addHelpText(
      'after',
      `
Each line is a JSON object: a job of docs/jobs.md with its "kind". Nothing is added when any line is bad. Adding a file
again is safe: the same partner and reference is the same order.

Example:
  $ echo '{"kind":"buy","partner":"acme","reference":"A-1","phone_number":"081234500001","gold_weight":"0.5"}' | goldpro enqueue -`,
    )
    .action(async (file: string, options: { json?: true }) => {
      const orders = await readOrders(await openInput(file))
      const settings = await settingsHere()
      const producer = createProducer(
        settings.redisUrl === null
          ? { databaseUrl: await readyDatabaseUrl(settings) }
          : { redisUrl: settings.redisUrl },
      )
      try {
        await requireQueue(settings)
        await addAll(producer, orders)
      } finally {
        await producer.close()
      }
      const line = `${orders.length} orders enqueued; see \`goldpro orders list\``
      console.log(options.json ? JSON.stringify({ enqueued: orders.length }) : line)
    })
}

async function openInput(file: string): Promise<Readable> {
  if (file === '-') return process.stdin
  try {
    await access(file)
  } catch {
    throw new Failure(2, `cannot read ${file}: name a file of JSON lines, or - for standard input`)
  }
  return createReadStream(file, 'utf8')
}

/** Reads and checks every line. Nothing is added when one is bad. */
async function readOrders(input: Readable): Promise<OrderRequest[]> {
  const orders: OrderRequest[] = []
  const problems: string[] = []
  let lineNumber = 0
  for await (const line of createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY })) {
    lineNumber += 1
    if (line.trim() === '') continue
    const read = readOrder(line)
    if (typeof read === 'string') problems.push(`line ${lineNumber}: ${read}`)
    else orders.push(read)
  }
  if (problems.length > 0) throw new Failure(1, problemText(problems))
  return orders
}

/** The order of a line, or its problems. */
function readOrder(line: string): OrderRequest | string {
  const json = readStrictJson(line)
  if (json.is === 'not_json') return 'not JSON: write one JSON object a line'
  if (json.is === 'refused') return describeProblems(json.problems)
  const order = json.value
  try {
    checkOrder(order)
    return order
  } catch (error) {
    if (error instanceof InvalidOrderError) return error.message
    throw error
  }
}

function problemText(problems: readonly string[]): string {
  const listed = problems.slice(0, LISTED_LINES)
  const more = problems.length - listed.length
  return [
    `nothing was enqueued: ${problems.length} bad line${problems.length === 1 ? '' : 's'}`,
    ...listed.map((problem) => `  ${problem}`),
    ...(more > 0 ? [`  and ${more} more`] : []),
  ].join('\n')
}

async function addAll(producer: Producer, orders: readonly OrderRequest[]): Promise<void> {
  const bar = new SingleBar({
    format: 'enqueued {bar} {value}/{total}',
    stream: process.stderr,
    hideCursor: true,
    clearOnComplete: true,
  })
  const isWatched = process.stderr.isTTY
  if (isWatched) bar.start(orders.length, 0)
  await producer.enqueueMany(orders, (count) => bar.update(count))
  if (isWatched) bar.stop()
}
