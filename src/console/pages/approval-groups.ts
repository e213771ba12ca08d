import type { ProposalRow } from '../../reconciliation/proposal-queries.ts'
import type { Call } from '../route.ts'
import { hashOf, type Shown } from '../stale.ts'
import { readShownProposal } from './proposal-facts.ts'

/** Write-offs that one person proposed with one reason: they are approved together. */
export interface WriteOffGroup {
  readonly proposedBy: string
  readonly note: string
  readonly proposals: readonly ProposalRow[]
}

export function groupsOf(proposals: readonly ProposalRow[]): WriteOffGroup[] {
  const groups = new Map<string, WriteOffGroup & { proposals: ProposalRow[] }>()
  for (const proposal of proposals) {
    if (proposal.decision !== 'write_off') continue
    const { proposedBy, note } = proposal
    const key = JSON.stringify([proposedBy, note])
    const group = groups.get(key) ?? { proposedBy, note, proposals: [] }
    groups.set(key, group)
    group.proposals.push(proposal)
  }
  return [...groups.values()].filter((group) => group.proposals.length > 1)
}

export const sumOf = ({ proposals }: WriteOffGroup): bigint =>
  proposals.reduce((sum, { rupiahAtRisk }) => sum + BigInt(rupiahAtRisk ?? '0'), 0n)

/** A break in short, and a hash of all of it. */
const inOneLine = (shown: Shown): string =>
  [shown.state, shown.reason, shown.rupiahAtRisk, shown.gramsAtRisk, hashOf(shown)].join(' ')

/** What of a group a person saw: its proposals, and how each of its breaks stands. */
export async function readShownGroup(call: Call, group: WriteOffGroup): Promise<Shown> {
  const fields: Record<string, unknown> = {
    breaks: group.proposals.length,
    rupiahAtRisk: String(sumOf(group)),
  }
  for (const proposal of group.proposals)
    fields[`${call.texts('col.break')} ${proposal.breakId}`] = inOneLine(
      await readShownProposal(call, proposal),
    )
  return fields
}
