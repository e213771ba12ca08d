import { FileRefused } from '../csv/file-refused.ts'
import { refuseForeignFormat } from '../csv/formats.ts'
import { type Archive, DamagedWorkbook } from './archive.ts'
import { localName, readSmallXml } from './xml.ts'

/** One sheet with cells, in the order of the workbook. */
export interface SheetPart {
  readonly name: string
  readonly isHidden: boolean
  /** The part that has its cells. */
  readonly part: string
}

/** What a workbook says of itself. */
export interface WorkbookParts {
  readonly sheets: readonly SheetPart[]
  /** Days count from 1904 instead of 1900. */
  readonly from1904: boolean
  readonly styles: string | null
  readonly sharedStrings: string | null
}

interface Relation {
  /** The last part of its type's address. */
  readonly type: string
  readonly part: string
}

/**
 * Reads the list of sheets.
 * @param head the file's beginning, by which other formats in a zip archive are named
 * @throws FileRefused
 */
export async function readWorkbookParts(archive: Archive, head: Buffer): Promise<WorkbookParts> {
  const workbook = await workbookPart(archive, head)
  const relations = await readRelations(archive, relationsOf(workbook), folderOf(workbook))
  const sheets: SheetPart[] = []
  let from1904 = false
  await readSmallXml(await archive.readSmall(workbook), {
    open(name, attributes) {
      if (name === 'workbookPr') from1904 = isTrue(attributes.date1904)
      if (name !== 'sheet') return
      const relation = relations.get(relationId(attributes))
      // A sheet that is only a chart has no cells.
      if (relation?.type !== 'worksheet') return
      const { name: sheetName = '', state = 'visible' } = attributes
      sheets.push({ name: sheetName, isHidden: state !== 'visible', part: relation.part })
    },
  })
  const partOf = (type: string) => [...relations.values()].find((each) => each.type === type)?.part ?? null
  return { sheets, from1904, styles: partOf('styles'), sharedStrings: partOf('sharedStrings') }
}

async function workbookPart(archive: Archive, head: Buffer): Promise<string> {
  const relations = archive.has('_rels/.rels') ? await readRelations(archive, '_rels/.rels', '') : new Map()
  const named = [...relations.values()].find(({ type }) => type === 'officeDocument')?.part
  const workbook = named ?? 'xl/workbook.xml'
  if (/\.bin$/i.test(workbook) || archive.has('xl/workbook.bin'))
    throw new FileRefused(
      'the file is a binary Excel workbook (.xlsb): open it in a spreadsheet and save it as "Excel Workbook (.xlsx)"',
    )
  if (/^xl\//i.test(workbook) && archive.has(workbook)) return workbook
  if (!archive.has('xl/workbook.xml')) refuseForeignFormat(head)
  throw new DamagedWorkbook('it has no list of sheets')
}

/** Where a part's relations are: `xl/workbook.xml` → `xl/_rels/workbook.xml.rels`. */
const relationsOf = (part: string) => part.replace(/([^/]*)$/, '_rels/$1.rels')
const folderOf = (part: string) => part.replace(/[^/]*$/, '')

async function readRelations(archive: Archive, part: string, folder: string): Promise<Map<string, Relation>> {
  const relations = new Map<string, Relation>()
  await readSmallXml(await archive.readSmall(part), {
    open(name, { Id = '', Type = '', Target = '', TargetMode }) {
      // What is outside of the archive is never looked at.
      if (name !== 'Relationship' || TargetMode === 'External') return
      relations.set(Id, { type: Type.replace(/^.*\//, ''), part: resolved(folder, Target) })
    },
  })
  return relations
}

/** A target as a name within the archive. */
function resolved(folder: string, target: string): string {
  const base = `file:///${folder}`
  if (!URL.canParse(target, base)) throw new DamagedWorkbook('a part has an invalid name')
  return new URL(target, base).pathname.slice(1)
}

/** `r:id`, whose prefix writers choose; `sheetId` is another one. */
function relationId(attributes: Readonly<Record<string, string>>): string {
  const name = Object.keys(attributes).find((each) => each.includes(':') && localName(each) === 'id')
  return attributes[name ?? ''] ?? ''
}

const isTrue = (flag: string | undefined) => flag === '1' || flag === 'true'
