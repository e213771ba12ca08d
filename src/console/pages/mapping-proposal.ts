import { html, type Markup } from '../../core/html.ts'
import { FileRefused } from '../../csv/file-refused.ts'
import {
  type MappingProposal,
  type ProposalNote,
  proposeMapping,
} from '../../reconciliation/statements/propose/propose-mapping.ts'
import { badge, safeText, section, table } from '../html/parts.ts'
import { type Answer, type Call, page } from '../route.ts'
import type { TextKey, Texts } from '../texts/texts.ts'
import { reconciliationPage } from './reconciliation.ts'

/** A mapping for a file that was uploaded, made from its first rows. Nothing is stored: a command adds it. */
export async function mappingProposalPage(call: Call): Promise<Answer> {
  const { uploads, operator, query, texts } = call
  const file = uploads.find(operator.name, query.get('upload') ?? '')
  if (file === null) return await reconciliationPage(call, { problem: texts('recon.no_file') })
  try {
    const sheet = (query.get('sheet') ?? '').slice(0, 100)
    const proposal = await proposeMapping(file.read, sheet === '' ? null : sheet)
    return page({
      title: texts('recon.proposal.of', { file: file.name }),
      main: html`<p>${texts(proposal.isComplete ? 'recon.proposal.whole' : 'recon.proposal.open')}</p>
${notesTable(proposal.notes, texts)}${mappingOf(proposal, texts)}`,
    })
  } catch (error) {
    if (error instanceof FileRefused) return await reconciliationPage(call, { problem: error.message })
    throw error
  }
}

const BADGES: Readonly<Record<ProposalNote['is'], string>> = {
  found: 'succeeded',
  check: 'open',
  unsure: 'in_doubt',
  missing: 'rejected',
}

function notesTable(notes: readonly ProposalNote[], texts: Texts): Markup {
  const columns = [
    { heading: texts('col.column') },
    { heading: texts('col.state') },
    { heading: texts('recon.proposal.says') },
  ]
  const rows = notes.map(({ field, is, says }) => [
    field,
    badge(BADGES[is], texts(`recon.proposal.${is}` satisfies TextKey)),
    safeText(says),
  ])
  return table(texts('recon.proposal.says'), columns, rows)
}

function mappingOf({ mapping }: MappingProposal, texts: Texts): Markup {
  const json = JSON.stringify(mapping, null, 2).split('\n').map(safeText).join('\n')
  return section(
    texts('recon.proposal.file'),
    html`<p>${texts('recon.proposal.add')}</p><pre tabindex="0">${json}</pre>`,
  )
}
