import { type FieldProblem, fieldName, MOST_PROBLEMS } from './field-problems.ts'
import { findUnfitValues, MAX_DEPTH, PROTOTYPE_NAME, PROTOTYPE_NAMES, TOO_DEEP } from './unfit-values.ts'

/** A longer number always loses digits. */
const LONGEST_NUMBER = 40

export type StrictJson =
  | { readonly is: 'read'; readonly value: unknown }
  | { readonly is: 'not_json' }
  | { readonly is: 'refused'; readonly problems: readonly FieldProblem[] }

/** A part of a JSON text that two parsers may read differently. */
export interface Ambiguity extends FieldProblem {
  readonly is: 'repeated_name' | 'prototype_name' | 'lost_digits' | 'too_deep'
}

/**
 * Reads JSON from outside. Refuses, naming the field, what `JSON.parse` accepts: repeated names, numbers that lose digits, names
 * of prototypes, deep nesting, NUL and unpaired surrogates.
 */
export function readStrictJson(text: string): StrictJson {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return { is: 'not_json' }
  }
  const ambiguities = findAmbiguities(text)
  const problems = ambiguities.length > 0 ? ambiguities : findUnfitValues(value)
  if (problems.length === 0) return { is: 'read', value }
  return { is: 'refused', problems: problems.map(({ field, problem }) => ({ field, problem })) }
}

/** An open object or list. */
interface Frame {
  readonly names: Set<string> | null
  /** The name or the position of the value being read. */
  at: string | number
  isNameNext: boolean
}

/**
 * Finds ambiguities in a valid JSON text. It reads character by character with its own stack, so that deep nesting cannot
 * overflow the call stack.
 */
export function findAmbiguities(text: string): Ambiguity[] {
  const found: Ambiguity[] = []
  const frames: Frame[] = []
  const add = (is: Ambiguity['is'], problem: string) => {
    found.push({ is, field: fieldName(frames.map(({ at }) => at)) || 'data', problem })
  }
  for (let position = 0; position < text.length && found.length < MOST_PROBLEMS; position += 1) {
    const sign = text[position] as string
    const frame = frames.at(-1)
    if (sign === '{' || sign === '[') {
      if (frames.length === MAX_DEPTH) {
        add('too_deep', TOO_DEEP)
        return found
      }
      const isObject = sign === '{'
      frames.push({ names: isObject ? new Set() : null, at: isObject ? '' : 0, isNameNext: isObject })
    } else if (sign === '}' || sign === ']') frames.pop()
    else if (sign === ',' && frame !== undefined) advance(frame)
    else if (sign === '"') {
      const end = endOfText(text, position)
      if (frame?.names && frame.isNameNext) {
        const problem = enterName(frame, frame.names, text.slice(position, end + 1))
        if (problem !== null) add(...problem)
      }
      position = end
    } else if (sign === '-' || isDigit(sign)) {
      const number = numberAt(text, position)
      if (!keepsItsDigits(number)) add('lost_digits', LOSES_DIGITS)
      position += number.length - 1
    }
  }
  return found
}

const LOSES_DIGITS = 'is a number that would lose digits: write it shorter, or as a text where a text may be'

function advance(frame: Frame): void {
  if (typeof frame.at === 'number') frame.at += 1
  else frame.isNameNext = true
}

function enterName(frame: Frame, names: Set<string>, written: string): [Ambiguity['is'], string] | null {
  const name = String(JSON.parse(written))
  frame.at = name
  frame.isNameNext = false
  if (PROTOTYPE_NAMES.includes(name)) return ['prototype_name', PROTOTYPE_NAME]
  if (names.has(name)) return ['repeated_name', 'stands twice: leave one of them out']
  names.add(name)
  return null
}

/** The position of the quote that ends a text. */
function endOfText(text: string, start: number): number {
  for (let end = text.indexOf('"', start + 1); end !== -1; end = text.indexOf('"', end + 1)) {
    let escapes = 0
    while (text[end - 1 - escapes] === '\\') escapes += 1
    if (escapes % 2 === 0) return end
  }
  return text.length
}

const isDigit = (sign: string) => sign >= '0' && sign <= '9'

function numberAt(text: string, start: number): string {
  let end = start + 1
  while (end < text.length && (isDigit(text[end] as string) || '+-.eE'.includes(text[end] as string)))
    end += 1
  return text.slice(start, end)
}

/** Whether a number is written again with the same digits: 0.1, 1.50 and 1e5 are; 9007199254740993, 1e400 and -0 are not. */
export function keepsItsDigits(written: string): boolean {
  if (written.length > LONGEST_NUMBER) return false
  const value = Number(written)
  if (!Number.isFinite(value) || Object.is(value, -0)) return false
  return Number.isSafeInteger(value) && /^-?\d+$/.test(written)
    ? true
    : decimalOf(written) === decimalOf(String(value))
}

/** A number as its digits and their power of ten, whatever its spelling. */
function decimalOf(written: string): string {
  const [, sign = '', whole = '', fraction = '', exponent = '0'] =
    /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/.exec(written) ?? []
  const digits = (whole + fraction).replace(/^0+/, '')
  const significant = digits.replace(/0+$/, '')
  if (significant === '') return '0'
  return `${sign}${significant}e${Number(exponent) - fraction.length + digits.length - significant.length}`
}
