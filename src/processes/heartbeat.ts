import { hostname } from 'node:os'
import type { Log } from '../core/log.ts'
import { type PeriodicTask, runEvery } from '../core/periodic-task.ts'
import { openDatabase } from '../postgres/pool.ts'
import type { ProcessKind } from '../risk/enums.ts'
import { type BeatingProcess, beat, forgetBeats, stopBeating } from '../risk/heartbeat.ts'

/** Much shorter than any time after which a process counts as silent. */
const BEAT_EVERY_MS = 5_000

/** Says in Postgres that this process is alive, until it is stopped. */
export function startHeartbeat(
  kind: ProcessKind,
  { databaseUrl, log }: { readonly databaseUrl: string; readonly log: Log },
): PeriodicTask {
  const me: BeatingProcess = { kind, name: `${hostname()}-${process.pid}` }
  const onError = (error: Error) => log.debug({ err: error }, 'no sign of life given')
  const database = openDatabase({ databaseUrl, maxConnections: 1, onError })
  const beating = runEvery(
    BEAT_EVERY_MS,
    async () => {
      await beat(database, me)
      await forgetBeats(database)
    },
    (error) => log.warn({ err: error }, 'no sign of life given, tried again'),
  )
  return {
    async stop() {
      await beating.stop()
      // A database that is away will miss this process: it stops all the same.
      await stopBeating(database, me).catch(onError)
      await database.close()
    },
  }
}
