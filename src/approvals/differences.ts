/**
 * What differs between what a proposer saw and what is there now, field by field as `name: before → now`. Compared as
 * JSON: what was seen was stored as JSON.
 */
export function differencesFrom(
  seen: Readonly<Record<string, unknown>>,
  current: Readonly<Record<string, unknown>>,
): string[] {
  const names = [...new Set([...Object.keys(seen), ...Object.keys(current)])].sort()
  return names
    .map((name) => ({ name, before: canonicalJson(seen[name]), now: canonicalJson(current[name]) }))
    .filter(({ before, now }) => before !== now)
    .map(({ name, before, now }) => `${name}: ${before} → ${now}`)
}

/** JSON with the keys of objects in order, which jsonb does not keep. */
export function canonicalJson(value: unknown): string {
  return (
    JSON.stringify(value ?? null, (_key, each: unknown) =>
      isObject(each) ? Object.fromEntries(Object.entries(each).sort(([a], [b]) => (a < b ? -1 : 1))) : each,
    ) ?? 'null'
  )
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
