import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { getTableConfig } from 'drizzle-orm/pg-core'
import { describe, expect, it } from 'vitest'
import { attempts, orderEvents, orders } from '../../src/orders/schema.ts'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))
const DECISION = readFileSync(`${ROOT}docs/decisions/0008-truth-once-per-statement.md`, 'utf8')
const rows = [...DECISION.matchAll(/^\| `(\w+)` \| (.*) \|$/gm)].map(([, index = '', why = '']) => ({
  index,
  why,
}))

/** The indexes that a table declares, and that of its primary key as Postgres or Drizzle names it. */
function indexesOf(table: typeof orders | typeof attempts | typeof orderEvents): string[] {
  const { name, indexes, primaryKeys } = getTableConfig(table)
  const key = primaryKeys[0]?.getName() ?? `${name}_pkey`
  return [key, ...indexes.map(({ config }) => config.name ?? '')]
}

describe('the indexes of an order’s path', () => {
  it('are those that the decision lists with a statement that needs each', () => {
    const declared = [orders, attempts, orderEvents].flatMap(indexesOf)
    expect(rows.map(({ index }) => index).sort()).toEqual(declared.sort())
  })

  it('serve statements that exist', () => {
    const sources = readdirSync(`${ROOT}src`, { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.ts'))
      .map((file) => readFileSync(`${ROOT}src/${file}`, 'utf8'))
      .join('\n')
    const named = rows.flatMap(({ why }) => [...why.matchAll(/`(\w+)`/g)].map(([, name = '']) => name))
    expect(named.length).toBeGreaterThan(20)
    expect(named.filter((name) => !sources.includes(`'${name}'`))).toEqual([])
  })
})
