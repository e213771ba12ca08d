import { createReadStream } from 'node:fs'
import { Command } from 'commander'
import { Failure } from '../../cli/failure.ts'
import { openFile } from '../../cli/open-file.ts'
import { shownText } from '../../cli/shown-text.ts'
import {
  type MappingProposal,
  type ProposalNote,
  proposeMapping,
} from '../statements/propose/propose-mapping.ts'

interface Options {
  readonly sheet?: string
  readonly json?: true
}

/** `goldpro recon mappings propose FILE` */
export function proposeCommand(): Command {
  return new Command('propose')
    .description('propose a mapping from the first rows of a statement, and say what is unclear')
    .argument('<file>', 'CSV, gzipped or not, or a workbook (.xlsx)')
    .option('--sheet <name>', 'the sheet of a workbook; default: the only one with a value')
    .option('--json', 'print the mapping and what is said of it as one JSON')
    .addHelpText(
      'after',
      `
It prints the mapping, as \`add\` takes it, on standard output, and what it found for each field on standard error. Where two
columns may be meant it chooses neither: both are named, and \`add\` refuses the mapping until one is written down. Exit code 1:
something is left to decide. Nothing is stored.

Example:
  $ goldpro recon mappings propose statement.xlsx > gateway.json
  $ goldpro recon mappings add gateway gateway.json`,
    )
    .action(propose)
}

async function propose(file: string, { sheet, json }: Options): Promise<void> {
  if (file === '-') throw new Failure(2, 'a proposal reads the file twice: give the name of a file')
  const given = await openFile(file)
  given.bytes.destroy()
  const proposal = await proposeMapping(() => createReadStream(file), sheet ?? null)
  console.log(JSON.stringify(json ? proposal : proposal.mapping, null, 2))
  if (!json) console.error(printNotes(proposal).join('\n'))
  if (!proposal.isComplete) throw new Failure(1, leftToDecide(proposal))
}

const FIELD_WIDTH = 14
const MARKS: Readonly<Record<ProposalNote['is'], string>> = {
  found: 'found',
  check: 'check',
  unsure: 'UNSURE',
  missing: 'MISSING',
}

function printNotes({ notes }: MappingProposal): string[] {
  return notes.map(
    ({ field, is, says }) => `${field.padEnd(FIELD_WIDTH)}${MARKS[is].padEnd(9)}${shownText(says)}`,
  )
}

function leftToDecide({ notes }: MappingProposal): string {
  const left = notes.filter(({ is }) => is === 'unsure' || is === 'missing').map(({ field }) => field)
  return `decide first: ${[...new Set(left)].join(', ')}; then \`goldpro recon mappings add NAME FILE.json\``
}
