/** A setting that is missing or malformed. Its message names the variable and what it may be. */
export class ConfigurationError extends Error {
  override name = 'ConfigurationError'
}

/** Requires both or neither: a key without its secret would silently send unsigned requests. */
export function bothOrNeither<T>(
  firstName: string,
  first: string | undefined,
  secondName: string,
  second: string | undefined,
  build: (first: string, second: string) => T,
): T | null {
  if (first === undefined && second === undefined) return null
  if (first === undefined) throw new ConfigurationError(`${firstName} must be set when ${secondName} is`)
  if (second === undefined) throw new ConfigurationError(`${secondName} must be set when ${firstName} is`)
  return build(first, second)
}
