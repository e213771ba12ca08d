import type { Archive } from './archive.ts'
import { DamagedWorkbook } from './archive.ts'
import { LIMITS } from './limits.ts'
import { readSmallXml } from './xml.ts'

/**
 * What a number is by the format of its cell. Only `number` and `date` can be read: with the others a person sees another value
 * than the file has.
 */
export type FormatKind = 'number' | 'date' | 'duration' | 'percent' | 'leading_zeros'

/** The formats that have a number and are not written in the file. Others are plain numbers. */
const BUILT_IN: Readonly<Record<number, FormatKind>> = {
  9: 'percent',
  10: 'percent',
  46: 'duration',
  ...Object.fromEntries(
    [14, 15, 16, 17, 18, 19, 20, 21, 22, 45, 47].map((id) => [id, 'date' satisfies FormatKind]),
  ),
  // Dates of East Asian languages.
  ...Object.fromEntries(
    [27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 50, 51, 52, 53, 54, 55, 56, 57, 58].map((id) => [
      id,
      'date' satisfies FormatKind,
    ]),
  ),
}

/** What a format written in the file shows. */
export function formatKind(code: string): FormatKind {
  const [first = ''] = code
    // Quoted words, escaped characters, and what only pads.
    .replace(/"[^"]*"|\\.|[_*]./g, '')
    .split(';')
  if (/\[(h+|m+|s+)\]/i.test(first)) return 'duration'
  // Colours, conditions and languages.
  const signs = first.replace(/\[[^\]]*\]/g, '')
  if (/^\s*general/i.test(signs)) return 'number'
  if (/[ymdhs]/i.test(signs)) return 'date'
  if (signs.includes('%')) return 'percent'
  return /^\s*0{2,}/.test(signs) ? 'leading_zeros' : 'number'
}

/** The kind of each style that a cell may name, by its number. */
export async function readStyles(archive: Archive, part: string | null): Promise<readonly FormatKind[]> {
  if (part === null || !archive.has(part)) return []
  const custom = new Map<number, FormatKind>()
  const formatIds: number[] = []
  let isCellStyle = false
  await readSmallXml(await archive.readSmall(part), {
    open(name, { numFmtId = '0', formatCode = '' }) {
      if (name === 'cellXfs') isCellStyle = true
      else if (name === 'numFmt') custom.set(Number(numFmtId), formatKind(formatCode))
      else if (name === 'xf' && isCellStyle) formatIds.push(Number(numFmtId))
      if (formatIds.length > LIMITS.styles || custom.size > LIMITS.styles)
        throw new DamagedWorkbook('it has too many styles')
    },
    close(name) {
      if (name === 'cellXfs') isCellStyle = false
    },
  })
  return formatIds.map((id) => custom.get(id) ?? BUILT_IN[id] ?? 'number')
}
