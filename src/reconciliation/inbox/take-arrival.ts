import { constants } from 'node:fs'
import { access, mkdir, open, rename, writeFile } from 'node:fs/promises'
import { join, parse } from 'node:path'
import { maskPhoneNumbersIn } from '../../core/masking.ts'
import { FileRefused } from '../../csv/file-refused.ts'
import type { Session } from '../../postgres/session.ts'
import { type Imported, importStatement } from '../statements/import.ts'
import type { BadLine } from '../statements/line.ts'
import { InvalidMappingError } from '../statements/mapping.ts'
import { AlreadyImported, MappingMismatch, StatementRefused } from '../statements/statement-refused.ts'
import type { Arrival } from './arrivals.ts'

/** What became of a file of the inbox. */
export type Taken =
  | { readonly is: 'imported'; readonly imported: Imported }
  /** Also a file whose move was interrupted after its import. */
  | { readonly is: 'already_imported'; readonly reason: string }
  | { readonly is: 'refused'; readonly reason: string }
  /** Another process has moved it meanwhile, or it is a link by now: a link could name any file. */
  | { readonly is: 'gone' }

export interface TakeRequest {
  /** A file whose name has its period is declared to have every transaction of that period. */
  readonly complete: boolean
  /** Null: the mapping that is named as the source. */
  readonly mapping: string | null
  readonly by: string
  readonly nowMs: number
}

/** The most lines of a file that its refusal names. */
const NAMED_LINES = 100

/**
 * Imports a file of the inbox, and moves it to the folder `imported` beside it;
 * a refused file is moved to `refused`, with a text that says why. A failure of Postgres leaves it where it is.
 * @throws StorageError, NotProven
 */
export async function takeArrival(session: Session, arrival: Arrival, request: TakeRequest): Promise<Taken> {
  const taken = await importOrRefuse(session, arrival, request).catch(orGone)
  if (taken.is === 'gone') return taken
  const target = await moveTo(taken.is === 'refused' ? 'refused' : 'imported', arrival)
  if (taken.is === 'refused' && target !== null) await writeFile(`${target}.txt`, `${taken.reason}\n`)
  return taken
}

function orGone(error: unknown): Taken {
  const { code } = error as NodeJS.ErrnoException
  if (code === 'ENOENT' || code === 'ELOOP') return { is: 'gone' }
  throw error
}

async function importOrRefuse(session: Session, arrival: Arrival, request: TakeRequest): Promise<Taken> {
  const { source, folder, fileName, period } = arrival
  const { complete, mapping, by, nowMs } = request
  if (complete && period === null)
    return refused('a complete statement needs its period: name the file by it, such as 2026-02-09.csv')
  const file = await open(join(folder, fileName), constants.O_RDONLY | constants.O_NOFOLLOW)
  try {
    const result = await importStatement(session, file.createReadStream(), {
      ...{ fileName, source, period, complete, by, nowMs },
      mapping: mapping ?? source,
      badLines: 'refuse',
      replace: false,
      dryRun: false,
    })
    return result.is === 'refused'
      ? refused(describeLines(result.badLines))
      : { is: 'imported', imported: result }
  } catch (error) {
    if (error instanceof MappingMismatch)
      return refused(`${error.message}\nnext: \`goldpro recon mappings propose ${fileName}\``)
    if (error instanceof AlreadyImported) return { is: 'already_imported', reason: error.message }
    if (
      error instanceof StatementRefused ||
      error instanceof FileRefused ||
      error instanceof InvalidMappingError
    )
      return refused(error.message)
    throw error
  } finally {
    await file.close()
  }
}

const refused = (reason: string): Taken => ({ is: 'refused', reason: maskPhoneNumbersIn(reason) })

function describeLines(badLines: readonly BadLine[]): string {
  const named = badLines
    .slice(0, NAMED_LINES)
    .map(
      ({ lineNumber, column, problem }) =>
        `line ${lineNumber}${column === null ? '' : `, ${column}`}: ${problem}`,
    )
  const more = badLines.length - named.length
  return [
    `${badLines.length} lines cannot be read, and nothing was imported:`,
    ...named,
    ...(more > 0 ? [`and ${more} more`] : []),
  ].join('\n')
}

/** Moves the file beside those of its name. @returns its new path; null when another process has moved it */
async function moveTo(name: 'imported' | 'refused', { folder, fileName }: Arrival): Promise<string | null> {
  await mkdir(join(folder, name), { recursive: true })
  const { name: stem, ext } = parse(fileName)
  for (let number = 1; ; number += 1) {
    const target = join(folder, name, number === 1 ? fileName : `${stem} (${number})${ext}`)
    if (await exists(target)) continue
    return await rename(join(folder, fileName), target).then(() => target, orNull)
  }
}

function orNull(error: NodeJS.ErrnoException): null {
  if (error.code === 'ENOENT') return null
  throw error
}

async function exists(path: string): Promise<boolean> {
  return await access(path).then(
    () => true,
    () => false,
  )
}
