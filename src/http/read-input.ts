import type { z } from 'zod'
import { type FieldProblem, Problem } from './problems.ts'
import type { AnyRoute, Input } from './route.ts'

/** Reads what a route takes of a request; no body is an empty one. A path that names nothing is not found; anything else says what is wrong. */
export function readInput(
  row: AnyRoute,
  raw: { readonly params: unknown; readonly query: unknown; readonly body: unknown },
): Input<unknown, unknown, unknown> {
  const params = row.params?.safeParse(raw.params)
  if (params !== undefined && !params.success) throw new Problem('not_found')
  return {
    params: params?.data,
    query: row.query === undefined ? undefined : parsed(row.query, raw.query),
    body:
      row.body === undefined || row.readsBody === true
        ? raw.body
        : parsed(row.body, raw.body === undefined ? {} : raw.body),
  }
}

function parsed(schema: z.ZodType, value: unknown): unknown {
  const read = schema.safeParse(value)
  if (read.success) return read.data
  throw new Problem('invalid_request', { errors: read.error.issues.slice(0, 20).flatMap(problemsIn) })
}

function problemsIn(issue: z.core.$ZodIssue): FieldProblem[] {
  if (issue.code === 'unrecognized_keys')
    return issue.keys
      .slice(0, 20)
      .map((key) => ({ field: nameOf([...issue.path, key]), problem: 'is not a field of this request' }))
  return [{ field: nameOf(issue.path), problem: issue.message }]
}

/** A field's name comes from outside too: an unknown one may be anything, a phone number included. */
function nameOf(path: readonly PropertyKey[]): string {
  const name = path.map((part) => String(part).replace(/[^A-Za-z_.]/g, '?')).join('.')
  return name.slice(0, 80) || 'body'
}
