import { execFile } from 'node:child_process'
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openapi } from '../../src/processes/routes.ts'
import { startTestWeb, type TestWeb } from '../support/servers/web.ts'

const run = promisify(execFile)
const here = (path: string) => fileURLToPath(new URL(path, import.meta.url))
const generator = (path: string) => here(`./generators/node_modules/${path}`)

let web: TestWeb
let folder: string
beforeAll(async () => {
  web = await startTestWeb()
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'goldpro-clients-')))
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }')
  writeFileSync(join(folder, 'openapi.json'), JSON.stringify(openapi('0.0.0')))
  mkdirSync(join(folder, 'node_modules'))
  for (const name of ['openapi-fetch', 'openapi-typescript-helpers', '@types'])
    symlinkSync(here(`../../node_modules/${name}`), join(folder, 'node_modules', name))
})
afterAll(async () => {
  await web?.stop()
  if (folder !== undefined) rmSync(folder, { recursive: true })
})

const node = (...args: string[]) => run(process.execPath, args, { cwd: folder })

/** Compiles a client as its users would. The code that is generated beside the types does not fit exactOptionalPropertyTypes. */
async function compile(program: string): Promise<void> {
  const source = `${program}.ts`
  copyFileSync(here(`./${program}.ts.txt`), join(folder, source))
  const strict = ['--strict', '--noUncheckedIndexedAccess']
  const modern = ['--target', 'es2022', '--module', 'nodenext', '--skipLibCheck', '--types', 'node']
  await node(generator('typescript/bin/tsc'), source, ...strict, ...modern).catch((error) => {
    throw new Error(error.stdout)
  })
}

async function placeWith(program: string) {
  const { key } = await web.partner()
  const { place } = await import(pathToFileURL(join(folder, `${program}.js`)).href)
  return await place(web.web.url, key, program)
}

const placedAs = (reference: string) => ({
  state: 'accepted',
  attempts: 0,
  listed: [reference],
  refused: 'reference_conflict',
  kind: 'sell',
})

describe('a client that is generated from the OpenAPI document', () => {
  it('by openapi-typescript compiles with openapi-fetch, and places an order', async () => {
    await node(generator('openapi-typescript/bin/cli.js'), 'openapi.json', '-o', 'schema.ts')
    await compile('place-by-fetch')
    expect(await placeWith('place-by-fetch')).toEqual(placedAs('place-by-fetch'))
  })

  it('by @hey-api/openapi-ts compiles, and places an order', async () => {
    const args = ['-i', 'openapi.json', '-o', 'sdk', '-c', '@hey-api/client-fetch', '--no-log-file', '-s']
    await node(generator('@hey-api/openapi-ts/bin/run.js'), ...args)
    await compile('place-by-sdk')
    expect(await placeWith('place-by-sdk')).toEqual(placedAs('place-by-sdk'))
  })
})
