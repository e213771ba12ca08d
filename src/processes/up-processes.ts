import { LOCAL_FOLDER } from '../cli/context.ts'
import type { Settings } from '../config.ts'
import type { Logger } from '../observability/log.ts'
import { startConfiguredMetrics } from './configured-metrics.ts'
import { startConfiguredTraces } from './configured-traces.ts'
import { provenDoor, startConsoleSomewhere } from './console-command.ts'
import { letConsoleIn, readKeptSecret } from './console-key.ts'
import { startConfiguredScheduler } from './scheduler-command.ts'
import type { UpPeople } from './up-people.ts'
import type { Stops, UpServers } from './up-servers.ts'
import { startWebSomewhere } from './web-command.ts'
import { startConfiguredWorker } from './worker-command.ts'

/** The settings of `up`, in which nothing is open any more. */
export type UpSettings = Settings & Pick<UpServers, 'databaseUrl' | 'gateway'>

/** Starts the worker, the scheduler and the API. @returns the address of the API */
export async function startUpProcesses(settings: UpSettings, stops: Stops, log: Logger): Promise<string> {
  const { databaseUrl } = settings
  const traces = await startConfiguredTraces(settings, 'up', log)
  stops.push(traces.stop)
  const metrics = await startConfiguredMetrics(settings, databaseUrl, { measuresRisks: true })
  stops.push(metrics.stop)
  stops.push(startConfiguredWorker(settings, { traces, ...metrics }, log).stop)
  stops.push(startConfiguredScheduler(settings, databaseUrl, log).stop)
  const web = await startWebSomewhere(settings, traces, log)
  stops.push(web.stop)
  return web.url
}

/** Starts the console. @returns its address */
export async function startUpConsole(
  settings: UpSettings,
  people: UpPeople | null,
  stops: Stops,
  log: Logger,
): Promise<string> {
  const served = await startConsoleSomewhere(settings, await doorOf(settings, people), log)
  stops.push(served.stop)
  return served.url
}

/** The people of `up`; once there are operators, they. Whoever runs `up` owns the tables, and lets its console in. */
async function doorOf(settings: UpSettings, people: UpPeople | null) {
  if (people !== null) return { is: 'declared', people: people.people } as const
  const secret = settings.consoleSignIn.secret ?? (await readKeptSecret(LOCAL_FOLDER))
  const proven = { ...settings, consoleSignIn: { ...settings.consoleSignIn, secret } }
  await letConsoleIn(proven, settings.databaseUrl)
  return await provenDoor(proven)
}
