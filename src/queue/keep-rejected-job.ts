import type { Database } from '../postgres/pool.ts'

const KEEP_REJECTED_JOB = {
  name: 'keep_rejected_job',
  text: `
    INSERT INTO rejected_jobs (job_id, job_name, partner, reference, field, reason, masked_data, data_hash)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT DO NOTHING`,
}

/** A job that did not become an order, with its data masked and cut. */
export interface RejectedJobRow {
  readonly jobId: string
  readonly jobName: string
  readonly partner: string | null
  readonly reference: string | null
  readonly field: string
  readonly reason: string
  readonly maskedData: string
  readonly dataHash: string
}

/** Stores a refused job once, even if it runs again. */
export async function keepRejectedJob(database: Database, job: RejectedJobRow): Promise<void> {
  const { jobId, jobName, partner, reference, field, reason, maskedData, dataHash } = job
  await database.run(KEEP_REJECTED_JOB, [
    jobId,
    jobName,
    partner,
    reference,
    field,
    reason,
    maskedData,
    dataHash,
  ])
}
