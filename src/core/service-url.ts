/** The rules for the URL of a setting. */
interface UrlRules {
  readonly protocols: readonly string[]
  readonly example: string
  readonly mayHaveUser: boolean
  readonly mayHaveQuery: boolean
  /** The form of the path. */
  readonly path: RegExp
}

/** The path is the name of the database. The host may be empty or encoded only for a folder of sockets. */
export const POSTGRES_URL: UrlRules = {
  protocols: ['postgres', 'postgresql'],
  example: 'postgres://user:password@host:5432/goldpro',
  mayHaveUser: true,
  mayHaveQuery: true,
  path: /^\/[^/]+$/,
}

export const REDIS_URL: UrlRules = {
  protocols: ['redis', 'rediss'],
  example: 'redis://user:password@host:6379/0',
  mayHaveUser: true,
  mayHaveQuery: true,
  path: /^(\/\d*)?$/,
}

export const WEB_URL: UrlRules = {
  protocols: ['http', 'https'],
  example: 'https://gateway.example',
  mayHaveUser: false,
  mayHaveQuery: false,
  path: /^(\/.*)?$/,
}

const HOST = /^(?:[a-z0-9_](?:[a-z0-9._-]*[a-z0-9_.])?|\[[0-9a-f:.]+\])$/i

/**
 * What is wrong with a URL, or null. The text quotes no part of the URL, because a password that is not percent-encoded may be
 * anywhere in it.
 */
export function urlProblem(text: string, rules: UrlRules): string | null {
  const general = `a URL such as ${rules.example}`
  const [, protocol = '', rest = ''] = /^([a-z]+):\/\/(.*)$/is.exec(text) ?? []
  if (!rules.protocols.includes(protocol.toLowerCase())) return general
  const encoded = rules.mayHaveUser
    ? `${general}; a user or password with @ : / ? # or % must be percent-encoded (@ as %40, / as %2F)`
    : `${general}, without user, query and fragment`
  const [, authority = '', path = '', query] = /^([^/?#]*)([^?#]*)(\?[^#]*)?/.exec(rest) ?? []
  const at = rest.indexOf('@')
  const isAmbiguous = rest.includes('#') || at !== rest.lastIndexOf('@') || at >= authority.length
  // Characters that a URL cannot have were not encoded.
  if (isAmbiguous || /[\s\\"<>^`{|}\p{C}]/u.test(rest) || !isDecodable(rest)) return encoded
  if (at >= 0 && !rules.mayHaveUser) return encoded
  if (query !== undefined && !rules.mayHaveQuery) return encoded
  const [, host = '', port] = /^(.*?)(?::(\d*))?$/.exec(authority.slice(at + 1)) ?? []
  const isSocket =
    rules === POSTGRES_URL && (/^%2F/i.test(host) || (host === '' && /[?&]host=/.test(query ?? '')))
  if (!isSocket && !HOST.test(host)) return encoded
  if (port !== undefined && (port === '' || Number(port) < 1 || Number(port) > 65_535)) return encoded
  return rules.path.test(path) ? null : encoded
}

function isDecodable(text: string): boolean {
  try {
    decodeURIComponent(text)
    return true
  } catch {
    return false
  }
}
