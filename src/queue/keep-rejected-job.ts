import type { Database } from '../postgres/pool.ts'
import { nullable, statement } from '../postgres/statement.ts'
import type { RejectedJob } from './rejected-job.ts'
import { rejectedJobs } from './schema.ts'

const insertRejectedJob = statement(
  'keep_rejected_job',
  {
    jobId: rejectedJobs.jobId,
    jobName: rejectedJobs.jobName,
    partner: nullable(rejectedJobs.partner),
    reference: nullable(rejectedJobs.reference),
    field: rejectedJobs.field,
    reason: rejectedJobs.reason,
    maskedData: rejectedJobs.maskedData,
    dataHash: rejectedJobs.dataHash,
  },
  (db, job) => db.insert(rejectedJobs).values(job).onConflictDoNothing(),
)

/** Stores a rejected job once, however often it runs. */
export async function keepRejectedJob(database: Database, job: RejectedJob): Promise<void> {
  await insertRejectedJob(database, job)
}
