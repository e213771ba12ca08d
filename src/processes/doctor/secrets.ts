import { SECRET_SETTINGS } from '../../config.ts'

/** Shorter texts occur by chance: removing them would make a line unreadable, and tell what they are. */
const SHORTEST = 4

/** What of an environment must never be printed: the secrets, and the passwords in URLs as they are written and as they are. */
export function secretsIn(env: Readonly<Record<string, string | undefined>>): string[] {
  const values = SECRET_SETTINGS.flatMap((name) => env[name] ?? [])
  const passwords = values.flatMap((value) => {
    if (!URL.canParse(value)) return []
    const { password } = new URL(value)
    return [password, decoded(password)]
  })
  return [...values, ...passwords].filter((secret) => secret.length >= SHORTEST)
}

export function withoutSecrets(text: string, secrets: readonly string[]): string {
  return secrets.reduce((left, secret) => left.replaceAll(secret, '…'), text)
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
