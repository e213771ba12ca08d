import { mkdir, open, rename, rm } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { errorCode, Failure } from '../../cli/failure.ts'
import { readToken } from '../token-format.ts'

/** The folder of operators' tokens, one file for each installation. */
const tokenFolder = () => join(process.env.XDG_CONFIG_HOME || join(homedir(), '.config'), 'goldpro')

export const tokenFile = (installationId: string) => join(tokenFolder(), `${installationId}.token`)

/** Writes a token into a file that only its owner reads. */
export async function writeToken(installationId: string, token: string): Promise<string> {
  const file = tokenFile(installationId)
  const draft = `${file}.${process.pid}`
  await mkdir(tokenFolder(), { recursive: true, mode: 0o700 })
  const handle = await open(draft, 'wx', 0o600)
  try {
    await handle.writeFile(`${token}\n`)
    await handle.sync()
  } finally {
    await handle.close()
  }
  await rename(draft, file)
  return file
}

/**
 * The token that `goldpro login` has stored; null when there is none.
 * @throws Failure when others may read the file
 */
export async function readTokenFile(installationId: string): Promise<string | null> {
  const file = tokenFile(installationId)
  const handle = await open(file, 'r').catch((error: unknown) => {
    if (errorCode(error) === 'ENOENT') return null
    throw new Failure(2, `cannot read ${file} (${errorCode(error)})`)
  })
  if (handle === null) return null
  try {
    const { mode, uid } = await handle.stat()
    const isOthers = process.getuid !== undefined && uid !== process.getuid()
    if (process.platform !== 'win32' && ((mode & 0o077) !== 0 || isOthers))
      throw new Failure(
        2,
        `others may read ${file}, so its token is not used: run chmod 600 on it, and \`goldpro operator rotate\` if somebody did`,
      )
    const token = readToken(await handle.readFile('utf8'))
    if (token === null) throw new Failure(2, `${file} has no token: run \`goldpro login\` again`)
    return token
  } finally {
    await handle.close()
  }
}

/** Removes the stored token; false when there was none. */
export async function removeTokenFile(installationId: string): Promise<boolean> {
  try {
    await rm(tokenFile(installationId))
    return true
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return false
    throw error
  }
}
