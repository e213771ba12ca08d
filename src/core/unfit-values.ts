import { type FieldProblem, fieldName, MOST_PROBLEMS } from './field-problems.ts'

/** The deepest allowed nesting. Documents of this program need five levels. */
export const MAX_DEPTH = 16
/** Documents of this program have far fewer values. */
const MAX_VALUES = 10_000
/** Names that could change the prototype of every object when an object is copied. */
export const PROTOTYPE_NAMES: readonly string[] = ['__proto__', 'constructor', 'prototype']

export const TOO_DEEP = `is nested too deep: at most ${MAX_DEPTH} levels are read`
export const PROTOTYPE_NAME = 'is a name that no field may have'
const TOO_MANY = `has too many values: at most ${MAX_VALUES} are read`

/** A value to check, and its path. */
interface Place {
  readonly value: unknown
  readonly depth: number
  readonly name: string | number
  readonly parent: Place | null
}

/**
 * Finds values that no order can have, in a parsed document: names of prototypes, deep nesting, NUL, unpaired surrogates, too
 * many values. Checks a bounded number of values.
 */
export function findUnfitValues(root: unknown): FieldProblem[] {
  const found: FieldProblem[] = []
  const waiting: Place[] = [{ value: root, depth: 0, name: '', parent: null }]
  for (let seen = 0; found.length < MOST_PROBLEMS; seen += 1) {
    const place = waiting.pop()
    if (place === undefined) return found
    const problem = seen === MAX_VALUES ? TOO_MANY : unfitness(place)
    if (problem !== null) found.push({ field: fieldName(pathOf(place)) || 'data', problem })
    if (seen === MAX_VALUES) return found
    if (problem !== null || typeof place.value !== 'object' || place.value === null) continue
    const { value, depth } = place
    const names = Array.isArray(value) ? value.keys() : Object.keys(value)
    const room = MAX_VALUES - waiting.length
    let added = 0
    for (const name of names) {
      if (added > room) break
      const inner = (value as Record<string | number, unknown>)[name]
      waiting.push({ value: inner, depth: depth + 1, name, parent: place })
      added += 1
    }
  }
  return found
}

function unfitness({ value, depth, name }: Place): string | null {
  if (typeof name === 'string' && PROTOTYPE_NAMES.includes(name)) return PROTOTYPE_NAME
  if (typeof name === 'string' && !isStorable(name)) return UNSTORABLE
  if (typeof value === 'string') return isStorable(value) ? null : UNSTORABLE
  return typeof value === 'object' && value !== null && depth >= MAX_DEPTH ? TOO_DEEP : null
}

/** Postgres stores neither NUL nor unpaired surrogates. */
const isStorable = (text: string) => !text.includes('\0') && text.isWellFormed()
const UNSTORABLE = 'must be a text without NUL and without halves of characters'

function pathOf(place: Place): (string | number)[] {
  const path: (string | number)[] = []
  for (let at: Place | null = place; at?.parent; at = at.parent) path.unshift(at.name)
  return path
}
