import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const OWN = fileURLToPath(new URL('../../assets/console/', import.meta.url))
const { resolve } = createRequire(import.meta.url)

/** The folder of a package's built files. Pinned in package.json; nothing comes from elsewhere. */
const distOf = (name: string): string => dirname(resolve(name))

/** A file that pages refer to. */
export interface Asset {
  readonly type: string
  readonly body: Buffer
  readonly etag: string
}

const JS = 'text/javascript; charset=utf-8'
const CSS = 'text/css; charset=utf-8'

const FILES: Readonly<Record<string, { readonly path: () => string; readonly type: string }>> = {
  'console.css': { path: () => join(OWN, 'console.css'), type: CSS },
  'console.js': { path: () => join(OWN, 'console.js'), type: JS },
  'charts.js': { path: () => join(OWN, 'charts.js'), type: JS },
  'icon.svg': { path: () => join(OWN, 'icon.svg'), type: 'image/svg+xml' },
  'htmx.js': { path: () => join(distOf('htmx.org'), 'htmx.min.js'), type: JS },
  'uplot.js': { path: () => join(distOf('uplot'), 'uPlot.iife.min.js'), type: JS },
  'uplot.css': { path: () => join(distOf('uplot'), 'uPlot.min.css'), type: CSS },
}

/** Reads every file once. */
export function readAssets(): ReadonlyMap<string, Asset> {
  const entries = Object.entries(FILES).map(([name, { path, type }]) => {
    const body = readFileSync(path())
    const etag = `"${createHash('sha256').update(body).digest('base64url').slice(0, 22)}"`
    return [name, { type, body, etag }] as const
  })
  return new Map(entries)
}
