import { statfs } from 'node:fs/promises'
import { errorCode } from '../../cli/failure.ts'
import { type Finding, failed, ok, warning } from './check.ts'

const GIB = 1024 ** 3
const WARNING_BYTES = 5 * GIB
const FAILED_BYTES = GIB / 2

/** What a file system has left. */
export type ReadFree = (folder: string) => Promise<{ bavail: number; bsize: number }>

/** Whether the folder in which `goldpro up` keeps its data has room. PostgreSQL stops where it has none. */
export async function diskFinding(folder: string, readFree: ReadFree = statfs): Promise<Finding> {
  let free: number
  try {
    const { bavail, bsize } = await readFree(folder)
    free = bavail * bsize
  } catch (error) {
    if (errorCode(error) !== 'ENOENT') throw error
    return ok(`no ${folder}/ here: no \`goldpro up\` keeps data in this folder`)
  }
  const about = `${(free / GIB).toFixed(1)} GiB are free for ${folder}/`
  const remedy = `df -h ${folder}; du -sh ${folder}/*`
  if (free < FAILED_BYTES) return failed(about, remedy)
  return free < WARNING_BYTES ? warning(about, remedy) : ok(about)
}
