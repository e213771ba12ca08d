import type { z } from 'zod'
import { fieldName, readFields } from '../core/field-problems.ts'
import { Problem } from './problems.ts'
import type { AnyRoute, Input } from './route.ts'

/**
 * Reads the input of a route; a missing body is an empty one.
 * @throws Problem `not_found` for an invalid path parameter, else `invalid_request` with every problem
 */
export function readInput(
  row: AnyRoute,
  raw: { readonly params: unknown; readonly query: unknown; readonly body: unknown },
): Input<unknown, unknown, unknown> {
  const params = row.params?.safeParse(raw.params)
  if (params !== undefined && !params.success) throw new Problem('not_found')
  return {
    params: params?.data,
    query: row.query === undefined ? undefined : parsed(row.query, givenOnce(raw.query), 'query'),
    body:
      row.body === undefined || row.readsBody === true
        ? raw.body
        : parsed(row.body, raw.body === undefined ? {} : raw.body, 'body'),
  }
}

function parsed(schema: z.ZodType, value: unknown, whole: string): unknown {
  const read = readFields(schema, value, whole)
  if (read.is === 'read') return read.data
  throw new Problem('invalid_request', { errors: read.problems })
}

/** The parameters of a query. Refuses one that is given twice, because either could be meant. */
function givenOnce(query: unknown): unknown {
  const twice = Object.entries(Object(query)).filter(([, value]) => Array.isArray(value))
  if (twice.length === 0) return query
  throw new Problem('invalid_request', {
    errors: twice.map(([name]) => ({ field: fieldName([name]), problem: 'must be given once' })),
  })
}
