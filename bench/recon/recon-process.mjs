// Import and run in a process of their own, as the commands do them. Reports times and the peak of its memory.
import { createReadStream } from 'node:fs'
import { withSession } from '../../dist/postgres/session.js'
import { reconcile } from '../../dist/reconciliation/run.js'
import { DEFAULT_RECON_SETTINGS } from '../../dist/reconciliation/settings.js'
import { importStatement } from '../../dist/reconciliation/statements/import.js'
import { peakMiB } from '../measure.mjs'

const { databaseUrl, file, period } = JSON.parse(process.argv[2])
const days = { from: new Date(period.from), to: new Date(period.to) }
const seconds = async (work) => {
  const startedAt = performance.now()
  const result = await work()
  return [(performance.now() - startedAt) / 1_000, result]
}

const [importSeconds] = await seconds(() =>
  withSession(databaseUrl, (session) =>
    importStatement(session, createReadStream(file), {
      ...{ fileName: 'bench.csv', source: 'gateway', period: days, complete: true, mapping: 'sandbox' },
      ...{ badLines: 'refuse', replace: false, dryRun: false, by: 'bench', nowMs: Date.now() },
    }),
  ),
)
const [runSeconds, { counts }] = await seconds(() =>
  withSession(databaseUrl, (session) =>
    reconcile(session, {
      period: days,
      settings: DEFAULT_RECON_SETTINGS,
      actor: 'person:bench',
      scheduledFor: null,
    }),
  ),
)
process.send({ importSeconds, runSeconds, counts, peakMiB: peakMiB() }, () => process.disconnect())
