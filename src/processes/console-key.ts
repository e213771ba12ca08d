import { randomBytes } from 'node:crypto'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { errorCode } from '../cli/failure.ts'
import type { Settings } from '../config.ts'
import { createConsoleKeys } from '../console/keys.ts'
import { trustConsoleKey } from '../operators/sign-in/console-key.ts'
import { withSession } from '../postgres/session.ts'

/** Lets the consoles in that have `CONSOLE_SECRET`. What to print of it; null: it is not set. */
export async function letConsoleIn(settings: Settings, databaseUrl: string): Promise<string | null> {
  const { secret } = settings.consoleSignIn
  if (secret === null) return null
  await withSession(databaseUrl, (session) => trustConsoleKey(session, createConsoleKeys(secret).database))
  return 'consoles with this CONSOLE_SECRET may sign people in'
}

/** The secret of `up`'s own console: made at the first start, in a file that only its owner reads. */
export async function readKeptSecret(folder: string): Promise<string> {
  const file = join(folder, 'console.secret')
  await mkdir(folder, { recursive: true })
  try {
    const secret = randomBytes(32).toString('base64url')
    await writeFile(file, secret, { flag: 'wx', mode: 0o600 })
    return secret
  } catch (error) {
    if (errorCode(error) !== 'EEXIST') throw error
    return (await readFile(file, 'utf8')).trim()
  }
}
