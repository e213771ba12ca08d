import { readFileSync } from 'node:fs'
import { ConfigurationError, FILE_SETTINGS } from '../config.ts'

const MAX_BYTES = 65_536

/**
 * Gives each secret whose file is named, as by `DATABASE_URL_FILE`, the content of that file without the line break at its
 * end: so that a secret mounted by Docker or Kubernetes need not be in the environment of the container.
 * @throws ConfigurationError that names the variable; never prints a secret
 */
export function readSecretFiles(env: Record<string, string | undefined>): void {
  for (const name of FILE_SETTINGS) {
    const variable = `${name}_FILE`
    const path = env[variable]
    delete env[variable]
    if (path === undefined || path === '') continue
    if (env[name] !== undefined && env[name] !== '')
      throw new ConfigurationError(`${name} and ${variable} are both set: set one of them`)
    env[name] = readSecret(variable, path)
  }
}

function readSecret(variable: string, path: string): string {
  let content: Buffer
  try {
    content = readFileSync(path)
  } catch (error) {
    const { code = 'unknown error' } = error as NodeJS.ErrnoException
    throw new ConfigurationError(`${variable} must name a file that can be read (${code})`)
  }
  const secret = content.toString('utf8').replace(/\r?\n$/, '')
  if (content.length > MAX_BYTES || secret === '' || /[\0\r\n]/.test(secret))
    throw new ConfigurationError(`${variable} must name a file with the secret alone, in one line`)
  return secret
}
