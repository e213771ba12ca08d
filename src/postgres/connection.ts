import { readFileSync } from 'node:fs'
import type { ConnectionOptions } from 'node:tls'
import type { ClientConfig } from 'pg'

/** The values of `sslmode`. All encrypted ones but `no-verify` verify the server's identity. */
export const SSL_MODES = ['disable', 'require', 'verify-ca', 'verify-full', 'no-verify'] as const
type SslMode = (typeof SSL_MODES)[number]

const FILES = { sslrootcert: 'ca', sslcert: 'cert', sslkey: 'key' } as const

/**
 * The connection of a URL. Its TLS parameters are parsed here, because pg prints a warning for `require` that no setting turns
 * off.
 * @throws Error that names an invalid parameter, and no value
 */
export function connectionOf(databaseUrl: string): Pick<ClientConfig, 'connectionString' | 'ssl'> {
  const [before = '', query = ''] = databaseUrl.split(/\?(.*)/s)
  const parameters = new URLSearchParams(query)
  const mode = sslModeOf(parameters)
  const tls: ConnectionOptions = mode === 'no-verify' ? { rejectUnauthorized: false } : {}
  // The chain is verified, the host name is not.
  if (mode === 'verify-ca') tls.checkServerIdentity = () => undefined
  for (const [parameter, option] of Object.entries(FILES)) {
    const file = parameters.get(parameter)
    if (file !== null) tls[option] = contentOf(parameter, file)
    parameters.delete(parameter)
  }
  for (const parameter of ['sslmode', 'ssl', 'uselibpqcompat']) parameters.delete(parameter)
  const rest = parameters.size === 0 ? '' : `?${parameters}`
  return { connectionString: `${before}${rest}`, ssl: mode === 'disable' ? false : tls }
}

function sslModeOf(parameters: URLSearchParams): SslMode {
  const ssl = parameters.get('ssl')
  const given = parameters.get('sslmode') ?? (ssl === 'true' || ssl === '1' ? 'require' : 'disable')
  const mode = SSL_MODES.find((each) => each === given)
  if (mode === undefined) throw new Error(`sslmode in DATABASE_URL must be one of ${SSL_MODES.join(', ')}`)
  return mode
}

function contentOf(parameter: string, file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    throw new Error(`${parameter} in DATABASE_URL must be a file that can be read`)
  }
}
