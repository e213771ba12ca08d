import { readFileSync } from 'node:fs'

const root = new URL('../../', import.meta.url)

export const readText = (path: string): string => readFileSync(new URL(path, root), 'utf8')

/** The rows of the first markdown table after a heading, or of the page's first table. */
export function tableRows(page: string, heading: string | null = null): string[][] {
  const text = heading === null ? page : page.slice(page.indexOf(`\n## ${heading}`))
  const lines = text.split('\n')
  const start = lines.findIndex((line) => line.startsWith('|'))
  const end = lines.findIndex((line, position) => position > start && !line.startsWith('|'))
  return lines.slice(start + 2, end).map((line) =>
    line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim().replaceAll('`', '')),
  )
}
