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

/** What `.env.example` has for docker-compose.yml alone, before the settings. */
export const FOR_COMPOSE = [
  'COMPOSE_PROFILES',
  'POSTGRES_PASSWORD',
  'OWNER_PASSWORD',
  'PROGRAM_PASSWORD',
  'REDIS_PASSWORD',
]

/** The variables of `.env.example`, in its order. */
export const exampleSettings = (): Record<string, string> =>
  Object.fromEntries(
    readText('.env.example')
      .split('\n')
      .filter((line) => /^[A-Z]/.test(line))
      .map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
  )
