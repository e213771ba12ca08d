import { writeFile } from 'node:fs/promises'
import { PREPARED_HELP } from '../cli/prepared-help.ts'
import { renderHelp } from './render-help.ts'

// The last step of the build.
await writeFile(PREPARED_HELP, JSON.stringify(await renderHelp()))
