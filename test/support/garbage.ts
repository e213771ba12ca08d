import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

setFlagsFromString('--expose-gc')

/** Collects garbage, so that what is measured after it is held by somebody. */
export const collectGarbage: () => void = runInNewContext('gc')
