import { bigserial, index, pgTable, text, uniqueIndex } from 'drizzle-orm/pg-core'
import { at } from '../postgres/columns.ts'

/** Jobs that never became orders, with the reason. Their data is kept masked and cut. */
export const rejectedJobs = pgTable(
  'rejected_jobs',
  {
    id: bigserial('id', { mode: 'bigint' }).primaryKey(),
    at: at('at').notNull().defaultNow(),
    jobId: text('job_id').notNull(),
    jobName: text('job_name').notNull(),
    partner: text('partner'),
    reference: text('reference'),
    field: text('field').notNull(),
    reason: text('reason').notNull(),
    maskedData: text('masked_data').notNull(),
    dataHash: text('data_hash').notNull(),
  },
  (job) => [
    // A job that runs twice is rejected once.
    uniqueIndex('rejected_jobs_once').on(job.jobId, job.dataHash),
    index('rejected_jobs_at').on(job.at),
  ],
)
