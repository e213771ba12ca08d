import { readText } from '../ground/tables.ts'

interface Package {
  readonly dev?: boolean
  readonly optional?: boolean
  readonly devOptional?: boolean
  readonly dependencies?: Record<string, string>
}

export const { packages } = JSON.parse(readText('package-lock.json')) as { packages: Record<string, Package> }

/** Where Node finds a package that another one asks for. */
function folderOf(name: string, asker: string): string | null {
  for (let at = asker; ; at = at.slice(0, Math.max(0, at.lastIndexOf('node_modules/') - 1))) {
    const folder = at === '' ? `node_modules/${name}` : `${at}/node_modules/${name}`
    if (packages[folder] !== undefined) return folder
    if (at === '') return null
  }
}

/** The folder of every package that production cannot do without. */
export function neededPackages(): Set<string> {
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
