/** The cookies of the console. Behind TLS a prefix keeps other hosts and plain HTTP from setting them. */
export interface Cookies {
  readonly session: string
  readonly language: string
  /** What must be equal when the browser comes back from an OpenID Connect provider. */
  readonly account: string
  set(name: string, value: string, maxAgeS: number): string
  /** Sent also when another site leads here: for nothing that signs in by itself. */
  setLax(name: string, value: string, maxAgeS: number): string
  clear(name: string): string
}

export function cookiesFor(isSecure: boolean): Cookies {
  const prefix = isSecure ? '__Host-' : ''
  const flags = `Path=/; HttpOnly; SameSite=Strict${isSecure ? '; Secure' : ''}`
  return {
    session: `${prefix}goldpro-session`,
    language: `${prefix}goldpro-language`,
    account: `${prefix}goldpro-account`,
    set: (name, value, maxAgeS) => `${name}=${value}; ${flags}; Max-Age=${maxAgeS}`,
    setLax: (name, value, maxAgeS) =>
      `${name}=${value}; ${flags.replace('SameSite=Strict', 'SameSite=Lax')}; Max-Age=${maxAgeS}`,
    clear: (name) => `${name}=; ${flags}; Max-Age=0`,
  }
}

/** Reads one cookie of a request; empty when it has none of this name, or two. */
export function readCookie(header: string | undefined, name: string): string {
  const values = (header ?? '')
    .split(';')
    .map((pair) => pair.trim())
    .filter((pair) => pair.startsWith(`${name}=`))
    .map((pair) => pair.slice(name.length + 1))
  return values.length === 1 ? (values[0] ?? '') : ''
}
