import { ConfigurationError, FILE_SETTINGS, parseSettings, SETTINGS, type Settings } from '../../config.ts'
import { didYouMean } from '../../core/suggestions.ts'
import { readSecretFiles } from '../secret-files.ts'
import { type Finding, failed, ok, warning } from './check.ts'

type Env = Record<string, string | undefined>

/** The settings, as far as they can be used, and what was found. */
export interface CheckedSettings {
  /** Null: they contradict each other. */
  readonly settings: Settings | null
  readonly env: Env
  readonly finding: Finding
}

/** Reads the settings of an environment. A bad one is left out, so that the others can be checked. */
export function checkSettings(given: Readonly<Env>): CheckedSettings {
  const env = { ...given }
  const fromFiles = FILE_SETTINGS.filter((name) => isSet(env[`${name}_FILE`]))
  const problems = [...fileProblems(env, fromFiles), ...valueProblems(env)]
  const settings = parsed(env, problems)
  if (problems.length > 0)
    return { settings, env, finding: failed(problems.join('; '), 'correct them; docs/settings.md has each') }
  const unknown = misspelt(given)
  if (unknown.length > 0)
    return { settings, env, finding: warning(unknown.join('; '), 'rename them; docs/settings.md has each') }
  const set = Object.keys(SETTINGS).filter((name) => isSet(env[name])).length
  const files = fromFiles.length === 0 ? '' : `, from files: ${fromFiles.join(', ')}`
  return { settings, env, finding: ok(`${set} set, the others have their defaults${files}`) }
}

const isSet = (value: string | undefined) => value !== undefined && value !== ''

/** Reads the secrets that are in files, one by one: one that cannot be read hides no other. */
function fileProblems(env: Env, names: readonly string[]): string[] {
  const problems: string[] = []
  for (const name of names) {
    const one: Env = { [name]: env[name], [`${name}_FILE`]: env[`${name}_FILE`] }
    try {
      readSecretFiles(one)
      env[name] = one[name]
    } catch (error) {
      if (!(error instanceof ConfigurationError)) throw error
      problems.push(error.message)
    }
    delete env[`${name}_FILE`]
  }
  return problems
}

/** Removes what a setting cannot be, and says so. */
function valueProblems(env: Env): string[] {
  const problems: string[] = []
  for (const [name, schema] of Object.entries(SETTINGS)) {
    if (!isSet(env[name]) || schema.safeParse(env[name]).success) continue
    parsed({ [name]: env[name] }, problems)
    delete env[name]
  }
  return problems
}

function parsed(env: Env, problems: string[]): Settings | null {
  try {
    return parseSettings(env)
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error
    problems.push(error.message)
    return null
  }
}

/** Variables that are nearly the name of a setting. */
function misspelt(env: Readonly<Env>): string[] {
  const names = Object.keys(SETTINGS)
  return Object.keys(env)
    .filter((name) => !names.includes(name) && name.includes('_') && !name.endsWith('_FILE'))
    .map((name) => ({ name, meant: didYouMean(name, names) }))
    .filter(({ meant }) => meant !== '')
    .map(({ name, meant }) => `${name} is no setting${meant}`)
}
