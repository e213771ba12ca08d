import { existsSync, readdirSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { pagesOf } from './pages.ts'
import { readText, tableRows } from './tables.ts'

const PAGE = readText('CONTRIBUTING.md')
const SRC = new URL('../../src/', import.meta.url)

/** The rooms of the layout that was agreed on. `csv` and `config` came with the code. */
const LAYOUT = [
  'processes',
  'core',
  'postgres',
  'orders',
  'gateway',
  'queue',
  'partners',
  'batches',
  'plans',
  'prices',
  'webhooks',
  'reconciliation',
  'http',
  'cli',
  'observability',
  'dev',
]

/** The section of a page under a heading. */
function sectionOf(page: string, heading: string): string {
  const [, section = ''] = page.split(`\n## ${heading}\n`)
  return section.split('\n## ')[0] ?? ''
}

/** The steps of "Follow one order": a file and the function that it exports. */
function stepsOf(section: string) {
  const lines = section.split('\n').filter((line) => /^\d+\. /.test(line))
  return lines.map((line) => {
    const [, path = '', link = '', name = ''] = /^\d+\. \[`([^`]+)`\]\(([^)]+)\) `(\w+)` /.exec(line) ?? []
    return { line, path, link, name }
  })
}

describe('CONTRIBUTING', () => {
  it('has one line for each room of src/ and of the layout', () => {
    const rooms = readdirSync(SRC, { withFileTypes: true }).filter((entry) => entry.isDirectory())
    const rows = tableRows(PAGE, 'Where things are')
    expect(rows.map(([room]) => room).sort()).toEqual(rooms.map(({ name }) => `${name}/`).sort())
    expect(rows.map(([room]) => room)).toEqual(expect.arrayContaining(LAYOUT.map((room) => `${room}/`)))
    for (const [room, what] of rows) expect(what, room).not.toBe('')
  })

  it('follows one order through ten files, each with the function that it names', async () => {
    const steps = stepsOf(sectionOf(PAGE, 'Follow one order'))
    expect(steps).toHaveLength(10)
    for (const { line, path, link, name } of steps) {
      expect(link, line).toBe(`src/${path}`)
      const exported: Record<string, unknown> = await import(new URL(path, SRC).href)
      expect(exported[name], line).toBeTypeOf('function')
    }
  })

  it.each(['CONTRIBUTING.md', 'README.md', ...pagesOf('docs/')])('%s names only files that exist', (page) => {
    const named = [...readText(page).matchAll(/`((?:[\w.-]+\/)+[\w.-]+\.(?:ts|mjs|md|jsonl))`/g)].map(
      ([, path = '']) => path,
    )
    const missing = named.filter(
      (path) => !existsSync(new URL(path, SRC)) && !existsSync(new URL(`../${path}`, SRC)),
    )
    expect(missing).toEqual([])
  })
})
