import { FileRefused } from '../csv/file-refused.ts'
import type { Archive } from './archive.ts'
import type { SheetPart } from './package-parts.ts'
import { readXml } from './xml.ts'

/**
 * The sheet to read: the one of the name, or the only visible one that has a value.
 * @param name null: none was chosen
 * @throws FileRefused that names the sheets when it is unclear
 */
export async function chosenSheet(
  archive: Archive,
  sheets: readonly SheetPart[],
  name: string | null,
): Promise<SheetPart> {
  if (name !== null) return sheetNamed(sheets, name)
  const filled: SheetPart[] = []
  for (const sheet of sheets) if (!sheet.isHidden && (await hasValue(archive, sheet))) filled.push(sheet)
  const [first, ...others] = filled
  if (first === undefined) {
    const hidden = sheets.filter(({ isHidden }) => isHidden)
    throw new FileRefused(
      hidden.length === 0
        ? 'the workbook has no sheet with a value'
        : `no visible sheet of the workbook has a value: show the sheet ${listed(hidden)}, or name it in the mapping: "sheet": ${quoted(hidden[0])}`,
    )
  }
  if (others.length > 0)
    throw new FileRefused(
      `the workbook has several sheets with values: ${listed(filled)}; name the one to read in the mapping, such as "sheet": ${quoted(first)}, or remove the others`,
    )
  return first
}

function sheetNamed(sheets: readonly SheetPart[], name: string): SheetPart {
  const key = (text: string) => text.normalize('NFC').trim().toLowerCase()
  const found = sheets.find((sheet) => key(sheet.name) === key(name))
  if (found !== undefined) return found
  throw new FileRefused(
    `the workbook has no sheet ${JSON.stringify(name)}, which the mapping names; it has ${listed(sheets)}`,
  )
}

const MOST_NAMED = 10

function listed(sheets: readonly SheetPart[]): string {
  const more = sheets.length > MOST_NAMED ? `, and ${sheets.length - MOST_NAMED} more` : ''
  return sheets.slice(0, MOST_NAMED).map(quoted).join(', ') + more
}

const quoted = (sheet: SheetPart | undefined) => JSON.stringify((sheet?.name ?? '').slice(0, 100))

/** Whether any cell has a value. Reads no further than the first. */
async function hasValue(archive: Archive, { part }: SheetPart): Promise<boolean> {
  let found = false
  const take = (name: string) => {
    found ||= name === 'v' || name === 'f' || name === 'is'
  }
  for await (const _ of readXml(archive.read(part), { open: take })) if (found) return true
  return found
}
