import { open, stat } from 'node:fs/promises'
import type { Writable } from 'node:stream'
import { finished } from 'node:stream/promises'
import { Command, Option } from 'commander'
import { settingsHere, withSessionHere } from '../../cli/context.ts'
import { byOption } from '../../cli/current-user.ts'
import { errorCode, Failure } from '../../cli/failure.ts'
import { openFile, readingBar } from '../../cli/open-file.ts'
import { formatCount } from '../../core/format.ts'
import { type Actor, sessionOf } from '../../operators/acting.ts'
import { WALLET_REFUSED } from '../../orders/submission.ts'
import { type CreateResult, createBatch } from '../create.ts'
import { badRowsHeader, badRowText, templateText } from '../file/bad-rows.ts'
import type { Delimiter } from '../file/cells.ts'
import { type CheckResult, checkFile } from '../file/check.ts'
import { COLUMN_NAMES, COLUMNS } from '../file/columns.ts'
import type { RowProblem } from '../file/read-row.ts'

/** The format of a batch file, for the help of every command that reads one. */
export const FILE_HELP = `
A batch file is CSV in UTF-8 with a header, or JSON lines as for \`goldpro enqueue\`. Its first line decides which.
The columns may be in any order, and columns that no row needs may be left out:
${COLUMN_NAMES.map((name) => `  ${name.padEnd(20)} ${COLUMNS[name].description}`).join('\n')}
With commas between the cells, half a gram is 0.5. With semicolons it is 0,5 or 0.5, and 1.500 is refused, because it may
mean thousands. Rupiah are digits only. Format phone and KTP numbers as text, or a spreadsheet drops their leading zeros.`

/** `goldpro batch template` */
export function templateCommand(): Command {
  return new Command('template')
    .description('print a batch file with one good row of each kind')
    .addOption(
      new Option('--delimiter <sign>', 'the sign between the cells').choices([',', ';']).default(','),
    )
    .option('--partner <name>', 'the partner that places the orders', 'acme')
    .addHelpText('after', `${FILE_HELP}\n\nExample:\n  $ goldpro batch template > payroll.csv`)
    .action(({ delimiter, partner }: { delimiter: Delimiter; partner: string }) => {
      process.stdout.write(templateText(delimiter, partner))
    })
}

interface CheckOptions {
  readonly partner?: string
  readonly badRows?: string
  readonly json?: true
}

/** `goldpro batch check FILE` */
export function checkCommand(): Command {
  return new Command('check')
    .description('check a batch file and list every problem; stores nothing and needs no database')
    .argument('<file>', 'CSV or JSON lines; - for standard input')
    .option('--partner <name>', 'the partner of rows that name none')
    .option('--bad-rows <file>', 'write the bad rows to this file, with what is wrong in the column problem')
    .option('--json', 'print JSON lines: the problems, then the counts')
    .addHelpText(
      'after',
      `${FILE_HELP}

The exit code is 1 when there is a problem. The file of bad rows has the values as given, including phone and KTP numbers.

Example:
  $ goldpro batch check payroll.csv --bad-rows to-correct.csv`,
    )
    .action(check)
}

async function check(file: string, { partner, badRows, json }: CheckOptions): Promise<void> {
  // Opening the checked file for writing would empty it before it is read.
  if (badRows !== undefined && (await isSameFile(file, badRows)))
    throw new Failure(2, `${badRows} is the file to check: name another file for its bad rows`)
  const given = await openFile(file)
  const output = badRows === undefined ? null : await openOutput(badRows)
  const progress = readingBar('checking', given)
  let isBegun = false
  const result = await checkFile(
    given.bytes,
    { partner: partner ?? null, onBytes: progress.read },
    async (problems, source, delimiter) => {
      for (const problem of problems) await print(process.stdout, formatProblem(problem, json === true))
      if (output === null) return
      if (!isBegun) await print(output.stream, badRowsHeader(delimiter))
      isBegun = true
      await print(output.stream, badRowText(problems, source, delimiter))
    },
  ).finally(progress.stop)
  await output?.end()
  console.log(json ? JSON.stringify(result) : formatCheck(result))
  if (result.badRows > 0)
    throw new Failure(
      1,
      badRows === undefined
        ? 'correct these rows: `--bad-rows FILE` writes them to a file'
        : `correct these rows: they are in ${badRows}`,
    )
}

async function isSameFile(one: string, other: string): Promise<boolean> {
  const found = [one === '-' ? '/dev/stdin' : one, other].map((file) => stat(file).catch(() => null))
  const [a, b] = await Promise.all(found)
  return a != null && b != null && a.dev === b.dev && a.ino === b.ino
}

/** Resolves once the text is written: nothing is buffered for a slow reader, and a full disk is reported. */
export async function print(stream: Writable, text: string): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    stream.write(text, (error) => (error == null ? resolve() : reject(error)))
  })
}

/** Opens a file that only its owner may read, because it has the personal data of the batch file. */
export async function openOutput(file: string): Promise<{ stream: Writable; end(): Promise<void> }> {
  const cannotWrite = (error: unknown) => {
    throw new Failure(1, `cannot write ${file} (${errorCode(error)})`)
  }
  const handle = await open(file, 'w', 0o600).catch(cannotWrite)
  // An existing file keeps its mode when it is opened.
  if ((await handle.stat()).isFile()) await handle.chmod(0o600).catch(cannotWrite)
  const stream = handle.createWriteStream()
  // Each write gets its error.
  stream.on('error', () => {})
  return {
    stream,
    async end() {
      stream.end()
      await finished(stream).catch(cannotWrite)
    },
  }
}

function formatProblem(problem: RowProblem, json: boolean): string {
  if (json) return `${JSON.stringify(problem)}\n`
  const { lineNumber, column, maskedValue, expected } = problem
  const what = column === null ? '' : `, ${column}`
  const value = maskedValue === '' ? '' : ` "${maskedValue}"`
  const hint = column === 'partner' && maskedValue === '' ? '; --partner sets it for rows that name none' : ''
  return `line ${lineNumber}${what}${value}: ${expected}${hint}\n`
}

function formatCheck({ rows, badRows, problems }: CheckResult): string {
  if (badRows === 0) return `${rows} rows, all good`
  return `${rows} rows, ${badRows} of them bad, ${problems} problems`
}

interface CreateOptions extends Actor {
  readonly partner?: string
  readonly json?: true
}

/** `goldpro batch create FILE` */
export function createCommand(): Command {
  return new Command('create')
    .description('store a batch file and seal it, so that its rows cannot change')
    .argument('<file>', 'CSV or JSON lines; - for standard input')
    .option('--partner <name>', 'the partner of rows that name none')
    .addOption(byOption('the person who creates it'))
    .option('--json', 'print the result as JSON')
    .addHelpText(
      'after',
      `${FILE_HELP}

Rows are stored only if every row is good. A file whose rows are a batch already is refused.

Example:
  $ goldpro batch create payroll.csv`,
    )
    .action(create)
}

async function create(file: string, { partner, json, ...actor }: CreateOptions): Promise<void> {
  const settings = await settingsHere()
  const given = await openFile(file)
  const progress = readingBar('storing', given)
  const request = { fileName: given.name, partner: partner ?? null, by: actor.by }
  const result = await withSessionHere(settings, (session) =>
    createBatch(sessionOf(session, actor), given.bytes, request, progress.read),
  ).finally(progress.stop)
  if (result.is === 'known')
    throw new Failure(
      1,
      `these rows are a batch already: batch ${result.batchId} (${result.fileName}) is ${result.state}`,
    )
  process.stdout.write(json ? `${JSON.stringify(result)}\n` : formatCreated(result))
  if (result.is === 'refused')
    throw new Failure(
      1,
      result.problems.some(({ expected }) => expected === WALLET_REFUSED)
        ? 'nothing was stored: link these wallets (`goldpro wallet link --help`) or correct the rows'
        : 'nothing was stored: see all problems with `goldpro batch check`',
    )
}

function formatCreated(result: Exclude<CreateResult, { is: 'known' }>): string {
  if (result.is === 'refused')
    return [
      `${formatCount(result.badRows)} rows are bad:\n`,
      ...result.problems.map((problem) => `  ${formatProblem(problem, false)}`),
    ].join('')
  const { batchId, rows, contentHash } = result
  return [
    `batch ${batchId}: ${formatCount(rows)} rows, checked and sealed`,
    `  content hash  ${contentHash}`,
    `next: \`goldpro batch preview ${batchId}\`, then \`goldpro batch approve ${batchId}\` by another person`,
    '',
  ].join('\n')
}
