import { createInterface } from 'node:readline/promises'
import { settingsHere, withSessionHere } from '../../cli/context.ts'
import { forEach } from '../../cli/each.ts'
import { Failure } from '../../cli/failure.ts'
import { formatCount, formatMoney, formatWeight } from '../../core/format.ts'
import type { Person } from '../../operators/person-commands.ts'
import type { Session } from '../../postgres/session.ts'
import { proposeWriteOffs } from '../break-commands.ts'
import type { BreakSelection } from '../break-filter.ts'
import { type BreakSet, listBreaks, readBreakSet } from '../break-queries.ts'
import { asTable, shownBreak } from './break-format.ts'
import { orRefuse } from './order-resolution.ts'

/** Who proposes what, and whether to ask first. */
export interface ProposeOptions extends Person {
  readonly dryRun?: true
  readonly yes?: true
}

/** Proposes to write off these breaks, or those of a selection once the person has seen what they put at risk. */
export async function proposeBreaks(
  breakIds: readonly number[],
  selection: BreakSelection | null,
  options: ProposeOptions,
): Promise<void> {
  if (breakIds.length > 0 === (selection !== null))
    throw new Failure(2, 'say which breaks: their numbers, or a filter such as --type fee_differs')
  if (selection === null && options.dryRun) throw new Failure(2, '--dry-run is of a filter: see `show`')
  await withSessionHere(await settingsHere(), async (session) => {
    const chosen = selection === null ? breakIds : await confirmedIds(session, selection, options)
    await proposeEach(session, chosen, options)
  })
}

async function proposeEach(session: Session, breakIds: readonly number[], person: Person): Promise<void> {
  const results = proposeWriteOffs(session, breakIds, person)
  await forEach(breakIds, async (breakId) => {
    const next = await results.next()
    if (next.done) throw new Error('fewer results than breaks')
    orRefuse(next.value[1])
    console.log(`break ${breakId} proposed: it stays open until another person approves it`)
  })
}

/** The breaks of a selection once they are confirmed: exactly those that were counted, whatever is found meanwhile. */
async function confirmedIds(
  session: Session,
  selection: BreakSelection,
  { dryRun, yes }: ProposeOptions,
): Promise<readonly number[]> {
  const set = await readBreakSet(session, selection)
  console.log(formatSet(set))
  if (set.breakIds.length === 0) return []
  if (dryRun) {
    await printBreaks(session, selection)
    return []
  }
  if (yes || (await isConfirmed())) return set.breakIds
  throw new Failure(1, 'nothing was proposed')
}

const formatSet = ({ breakIds, rupiahAtRisk, gramsAtRisk }: BreakSet): string =>
  `${formatCount(breakIds.length)} breaks: ${formatMoney(rupiahAtRisk)} and ${formatWeight(gramsAtRisk)} at risk`

const MOST_SHOWN = 50

async function printBreaks(session: Session, selection: BreakSelection): Promise<void> {
  const breaks = await listBreaks(session, { ...selection, limit: MOST_SHOWN, skip: 0 })
  console.log(asTable(breaks.map(shownBreak)))
  console.log('nothing is proposed: it is a dry run')
}

async function isConfirmed(): Promise<boolean> {
  if (!process.stdin.isTTY) throw new Failure(2, 'add --yes to propose them: there is no terminal to ask')
  const lines = createInterface({ input: process.stdin, output: process.stderr })
  try {
    return /^(y|yes|ya)$/i.test((await lines.question('propose to write all of them off? [y/N] ')).trim())
  } finally {
    lines.close()
  }
}
