// What the drills share: arguments, printed steps, and that everything that was begun is ended. Needs nothing but Node.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'

const OWN_PROGRAM = `node ${fileURLToPath(new URL('../../dist/main.js', import.meta.url))}`

/** Options that every drill has. */
export const COMMON_OPTIONS = `
  --goldpro COMMAND  how goldpro is started here, without quotes inside (this checkout's dist/main.js)
  --within SECONDS   how long a state may take to be reached (300)
  --help             this text

Exit code: 0 everything was proven, 1 something was not, 2 wrong usage. Whatever happens, it ends what it has started.
`

/** Something that the drill was to prove does not hold, or a program that it needs has failed. */
export class DrillFailed extends Error {}

/**
 * Runs a drill to its end, and ends the process.
 * @param usage the text of --help
 * @param options of `parseArgs`; those with `isRequired` must be given
 * @param drill what is done; it is given the values of the options and the stage that it prints and cleans up by
 */
export async function runDrill({ usage, options }, drill) {
  const values = parse(`${usage}${COMMON_OPTIONS}`, {
    ...options,
    goldpro: { type: 'string', default: OWN_PROGRAM },
    within: { type: 'string', default: '300' },
  })
  const stage = openStage(values)
  let code = 1
  for (const [signal, number] of Object.entries({ SIGINT: 130, SIGTERM: 143 }))
    process.once(signal, async () => {
      console.error(`${signal}: ending what was started`)
      await stage.end()
      process.exit(number)
    })
  try {
    await drill(values, stage)
    code = 0
  } catch (error) {
    console.error(`failed: ${error instanceof DrillFailed ? error.message : error.stack}`)
  }
  const isClean = await stage.end()
  if (code === 0) stage.printProven()
  process.exit(isClean ? code : 1)
}

/** @returns the values of the options; ends the process with the usage where they are wrong */
function parse(usage, options) {
  const refuse = (problem) => {
    process.stderr.write(`${problem}\n\n${usage}`)
    process.exit(2)
  }
  let values
  try {
    values = parseArgs({ options: { ...options, help: { type: 'boolean' } } }).values
  } catch (error) {
    return refuse(error.message)
  }
  if (values.help) {
    process.stdout.write(usage)
    process.exit(0)
  }
  const missing = Object.keys(options).filter((name) => options[name].isRequired && !values[name])
  if (missing.length > 0) refuse(`missing: ${missing.map((name) => `--${name}`).join(', ')}`)
  if (!process.env.DATABASE_URL) refuse('DATABASE_URL is not set')
  if (!(Number(values.within) > 0)) refuse('--within is a number of seconds above 0')
  return values
}

function openStage({ within }) {
  const proven = []
  const ends = []
  let steps = 0
  let ending = null
  return {
    /** Prints what is done next. */
    step(text) {
      steps += 1
      console.log(`${steps}. ${text}`)
    },
    say: (text) => console.log(`   ${text.trimEnd().replaceAll('\n', '\n   ')}`),
    /** Fails the drill unless it is so; prints it at the end. */
    prove(text, isSo) {
      if (!isSo) throw new DrillFailed(`not so: ${text}`)
      proven.push(text)
    },
    /** Done at the end, the last one first. */
    atTheEnd: (end) => ends.push(end),
    /** A folder that only this user reads, gone at the end. */
    folder() {
      const path = mkdtempSync(join(tmpdir(), 'goldpro-drill-'))
      ends.push(async () => rmSync(path, { recursive: true, force: true }))
      return path
    },
    /** Asks until the answer is true. */
    async until(what, ask) {
      const giveUpAt = performance.now() + Number(within) * 1_000
      for (let pauseMs = 50; !(await ask()); pauseMs = Math.min(pauseMs * 1.5, 1_000)) {
        if (performance.now() > giveUpAt) throw new DrillFailed(`not so within ${within} s: ${what}`)
        await wait(pauseMs)
      }
    },
    printProven() {
      console.log(`proven:\n${proven.map((text) => `  - ${text}`).join('\n')}`)
    },
    /** @returns whether everything could be ended */
    end() {
      ending ??= endAll(ends)
      return ending
    },
  }
}

async function endAll(ends) {
  let isClean = true
  for (const end of ends.reverse())
    try {
      await end()
    } catch (error) {
      isClean = false
      console.error(`not ended: ${error.message}`)
    }
  return isClean
}
