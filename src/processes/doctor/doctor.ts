import { Command } from 'commander'
import { LOCAL_FOLDER, requireDatabaseUrl, requireGateway, settingsOf } from '../../cli/context.ts'
import { Failure } from '../../cli/failure.ts'
import { shownText } from '../../cli/shown-text.ts'
import type { Settings } from '../../config.ts'
import { type Database, openDatabase } from '../../postgres/pool.ts'
import { type Check, type Checked, type Finding, ok, runChecks, warning } from './check.ts'
import { databaseChecks } from './database-checks.ts'
import { diskFinding } from './disk-check.ts'
import { queueFinding } from './queue-check.ts'
import { secretsIn, withoutSecrets } from './secrets.ts'
import { checkSettings } from './settings-check.ts'

/** `goldpro doctor` */
export function doctorCommand(): Command {
  return new Command('doctor')
    .description('check what an installation needs, and say what to do where something is wrong')
    .option('--json', 'print JSON lines, one a check')
    .addHelpText(
      'after',
      `
Checks the settings, the database with its migrations, the role's rights, clocks, the queue, the gateway (it only connects, and
sends nothing), the disk of ${LOCAL_FOLDER}/, whether the database waits for its recovery, and whether a worker and a scheduler are alive.
It changes nothing, and prints no secret. Run it with the settings of the process that you ask about.

Exit code 1 when a check has failed. A warning is something to know.

Example:
  $ goldpro doctor`,
    )
    .action(runDoctor)
}

async function runDoctor({ json }: { json?: true }): Promise<void> {
  const { settings, env, finding } = checkSettings(process.env)
  const secrets = secretsIn({ ...process.env, ...env })
  const here = settings === null ? null : settingsOf(settings, env)
  const stops: (() => Promise<void>)[] = []
  const checks = here === null ? [] : checksOf(here, settings?.databaseUrl === null, stops)
  const checked = await runChecks([{ name: 'settings', find: async () => finding }, ...checks], (each) => {
    const shown = shownOf(each, secrets)
    console.log(json ? JSON.stringify(shown) : asText(shown))
  })
  for (const stop of stops) await stop()
  const bad = checked.filter(({ is }) => is === 'failed').map(({ check }) => check)
  if (bad.length > 0) throw new Failure(1, `failed: ${bad.join(', ')}`)
}

/** All checks that need settings. What they open is closed by `stops`. */
function checksOf(settings: Settings, isOwn: boolean, stops: (() => Promise<void>)[]): Check[] {
  const url = () => requireDatabaseUrl(settings)
  let opened: Database | null = null
  const database = () => {
    if (opened !== null) return opened
    opened = openDatabase({ databaseUrl: url(), maxConnections: 1, onError: () => {} })
    stops.push(opened.close)
    return opened
  }
  const { redisUrl } = settings
  const queue: Check = { name: 'queue', find: () => queueFinding(redisUrl, url) }
  return [
    ...databaseChecks({ url, database }, { isOwn, clock: Date.now }),
    redisUrl === null ? { ...queue, needs: 'migrations' } : queue,
    { name: 'gateway', find: () => gatewayFinding(settings) },
    { name: 'disk', find: () => diskFinding(LOCAL_FOLDER) },
  ]
}

async function gatewayFinding({ gateway }: Settings): Promise<Finding> {
  if (gateway === null)
    return warning(
      'GATEWAY_URL is not set: a worker does not start without it',
      'export GATEWAY_URL=https://…',
    )
  await requireGateway(gateway.baseUrl)
  return ok(`${new URL(gateway.baseUrl).host} takes connections; nothing was sent`)
}

function shownOf({ check, is, about, remedy }: Checked, secrets: readonly string[]) {
  const shown = (text: string) => withoutSecrets(shownText(text), secrets)
  return { check, is, about: shown(about), remedy: remedy === null ? null : shown(remedy) }
}

function asText({ check, is, about, remedy }: Checked): string {
  const line = `${is.padEnd(7)}  ${check.padEnd(10)}  ${about}`
  return remedy === null ? line : `${line}\n${' '.repeat(21)}→ ${remedy}`
}
