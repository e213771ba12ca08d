import { type Fact, OTHER_NAMES, PARTS, type Part, ZONES } from './date-parts.ts'

const EXAMPLE = 'such as dd/MM/yyyy HH:mm:ss or dd MMM yyyy'

type Piece =
  | { readonly is: 'part'; readonly name: string; readonly part: Part }
  | { readonly is: 'literal'; readonly text: string }
  | { readonly is: 'zone'; readonly name: string }

/** A pattern that reads no time. The message says what to write instead. */
export class InvalidPatternError extends Error {
  override name = 'InvalidPatternError'
}

/**
 * The expression that reads the times of a pattern, such as `dd/MM/yyyy HH:mm`. Its groups are the parts.
 * @throws InvalidPatternError
 */
export function patternExpression(pattern: string): RegExp {
  const pieces = piecesOf(pattern)
  const problem = problemOf(pieces)
  if (problem !== null) throw new InvalidPatternError(problem)
  return new RegExp(`^${pieces.map((piece, position) => sourceOf(piece, position, pieces)).join('')}$`, 'i')
}

function sourceOf(piece: Piece, position: number, pieces: readonly Piece[]): string {
  switch (piece.is) {
    case 'zone':
      return `(?<offset>${piece.name})`
    case 'literal':
      return literalSource(piece.text)
    case 'part': {
      const { group, expression, besideDigits } = piece.part
      const isBeside = isNumber(piece) && [-1, 1].some((step) => isNumber(pieces[position + step]))
      if (isBeside && besideDigits === null)
        throw new InvalidPatternError(
          `${piece.name} next to another number has no fixed width: write ${piece.name.repeat(2)}, or a sign between them`,
        )
      return `(?<${group}>${isBeside ? besideDigits : expression})`
    }
  }
}

const isNumber = (piece: Piece | undefined) => piece?.is === 'part' && piece.part.besideDigits !== undefined

function literalSource(text: string): string {
  return text.replace(/[^A-Za-z\d\s]/g, '\\$&').replace(/\s+/g, '\\s+')
}

/** Letters that are neither a part nor a zone must be in single quotes: 'pukul'. */
function piecesOf(pattern: string): Piece[] {
  const found = pattern.match(/'[^']*'|([A-Za-z])\1*|[^A-Za-z']+|'/g) ?? []
  const pieces: Piece[] = []
  for (let at = 0; at < found.length; at += 1) {
    const text = found[at] ?? ''
    const zone = ZONES.find((name) => found.slice(at, at + name.length).join('') === name)
    const part = PARTS[text]
    if (zone !== undefined && zone !== 'Z') {
      pieces.push({ is: 'zone', name: zone })
      at += zone.length - 1
    } else if (part !== undefined) pieces.push({ is: 'part', name: text, part })
    else if (text === 'T') pieces.push({ is: 'literal', text })
    else if (/^'.*'$/s.test(text) && text.length > 1) pieces.push({ is: 'literal', text: text.slice(1, -1) })
    else if (/^[A-Za-z']/.test(text)) throw unknownPart(text, pattern)
    else pieces.push({ is: 'literal', text })
  }
  return pieces
}

function unknownPart(text: string, pattern: string): InvalidPatternError {
  if (/%[A-Za-z]/.test(pattern)) return new InvalidPatternError(`a pattern has no %: write one ${EXAMPLE}`)
  const other = OTHER_NAMES[text]
  return new InvalidPatternError(
    other === undefined
      ? `${JSON.stringify(text)} is not a part of a time: write a pattern ${EXAMPLE}, and other words in single quotes`
      : `${text} is not known: write ${other}`,
  )
}

const factOf = (piece: Piece): Fact | null =>
  piece.is === 'part' ? piece.part.fact : piece.is === 'zone' ? 'offset' : null

function problemOf(pieces: readonly Piece[]): string | null {
  const facts = pieces.map(factOf).filter((fact) => fact !== null)
  const has = (fact: Fact) => facts.includes(fact)
  const isHour12 = pieces.some((piece) => piece.is === 'part' && piece.part.group === 'hour12')
  const twice = facts.find((fact, position) => facts.indexOf(fact) !== position)
  const isMinutesForMonth = has('minute') && !has('hour') && !has('month')
  const problems: readonly (readonly [boolean, string])[] = [
    [
      pieces.some((piece) => piece.is === 'literal' && /%/.test(piece.text)),
      `a pattern has no %: write one ${EXAMPLE}`,
    ],
    [isMinutesForMonth, 'mm is the minutes: write MM for the month'],
    [twice !== undefined, `it has the ${twice} twice: remove one`],
    [!has('year'), 'it has no year: add yyyy'],
    [!has('month'), 'it has no month: add MM, or MMM for its name'],
    [!has('day'), 'it has no day: add dd'],
    [isHour12 && !has('half'), 'hh counts to 12 and needs a for AM and PM: write HH for 0 to 23'],
    [has('half') && !isHour12, 'a is AM or PM and needs hh'],
    [has('minute') && !has('hour'), 'it has minutes without an hour: add HH, or write MM for the month'],
    [has('hour') && !has('minute'), 'it has an hour without minutes: add mm'],
    [has('second') && !has('minute'), 'it has seconds without minutes: add mm'],
    [has('fraction') && !has('second'), 'it has a fraction without seconds: add ss'],
    [has('offset') && !has('hour'), 'it has a zone without a time of day: remove the zone'],
  ]
  return problems.find(([is]) => is)?.[1] ?? null
}

/** Formats wall-clock parts, keyed by an expression's groups, as a pattern writes them. Used to check what it reads. */
export function writeTime(pattern: string, groups: Readonly<Record<string, string>>): string {
  return piecesOf(pattern)
    .map((piece) => {
      if (piece.is === 'part') return groups[piece.part.group] ?? ''
      return piece.is === 'zone' ? piece.name : piece.text
    })
    .join('')
}

/** The groups of the parts that a pattern reads from the file. */
export function patternParts(pattern: string): string[] {
  return piecesOf(pattern).flatMap((piece) => (piece.is === 'part' ? [piece.part.group] : []))
}
