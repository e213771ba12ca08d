/** A small generator of pseudo-random numbers: whole, from 0 to below its argument, the same for the same seed. */
export function draw(seed: number): (below: number) => number {
  let state = seed >>> 0 || 1
  return (below) => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    state >>>= 0
    return state % below
  }
}

const PREFIXES = [
  '0',
  '62',
  '+62',
  '0062',
  '620',
  '+620',
  '00620',
  '+62 ',
  '62-',
  '+62 0',
  '62(0)',
  '+62 (0)',
  '(+62) ',
  '(0) ',
]

/** Ways to write a phone number of the form 08…, groups drawn anew at each call. */
export function spellingsOf(number: string, random: (below: number) => number): string[] {
  const rest = number.slice(1)
  const written = PREFIXES.flatMap((prefix) => [`${prefix}${rest}`, `${prefix}${grouped(rest, random)}`])
  return [...written, rest, grouped(rest, random), ` ${number}`, `${number}  `]
}

function grouped(digits: string, random: (below: number) => number): string {
  const sign = [' ', '-', ' - '][random(3)]
  const groups: string[] = []
  for (let from = 0; from < digits.length; ) {
    const left = digits.length - from
    const size = left <= 4 ? left : 2 + random(Math.min(3, left - 3))
    groups.push(digits.slice(from, from + size))
    from += size
  }
  return groups.join(sign)
}
