import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'

/** A browser for tests of pages, or why there is none. */
export type BrowserProgram = { readonly path: string } | { readonly skip: string }

const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable']

/** Finds Chromium, if need be by installing the distribution's package. */
export function findBrowserProgram(env: NodeJS.ProcessEnv): BrowserProgram {
  const installed = findOnPath(env.PATH ?? '')
  if (installed !== null) return { path: installed }
  const trouble = install()
  const path = findOnPath(env.PATH ?? '')
  return path === null ? { skip: trouble ?? 'apt-get installed no chromium' } : { path }
}

function findOnPath(path: string): string | null {
  const candidates = path.split(delimiter).flatMap((folder) => NAMES.map((name) => join(folder, name)))
  return candidates.find((candidate) => existsSync(candidate)) ?? null
}

/** @returns why it could not be done, or null */
function install(): string | null {
  if (process.getuid?.() !== 0 || !existsSync('/usr/bin/apt-get'))
    return 'there is no chromium on the PATH: install one (apt-get install chromium, brew install chromium)'
  console.log('There is no chromium on the PATH: installing one with apt-get')
  const apt = (...args: string[]) =>
    execFileSync('apt-get', args, {
      stdio: 'pipe',
      timeout: 120_000,
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
    })
  try {
    apt('update')
    apt('install', '--yes', '--no-install-recommends', 'chromium', 'fonts-liberation')
    return null
  } catch (error) {
    const words = error instanceof Error ? error.message.trim().split('\n').at(-1) : String(error)
    return `there is no chromium on the PATH and apt-get could not install one (${words})`
  }
}
