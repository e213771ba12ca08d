import { type AnyRoute, route } from '../../http/route.ts'
import type { Upload } from '../../http/uploads.ts'
import { importUpload } from './import-upload.ts'
import {
  STATEMENT_EXAMPLE,
  type StatementQuery,
  statementAnswer,
  statementQuery,
} from './statement-schemas.ts'

const CSV_EXAMPLE = `session_id,response_id,request_id,type,phone_number,gold_weight,amount,fee,executed_at
764FC70DD96B9E07713D95A9AD004702,1082102090000011,1082102090000010,buy,081234500001,0.5,441000,5000,2026-02-09T05:52:06Z
`

/** The media types of statements. The first bytes decide what a file is. */
const STATEMENT_FILES = {
  'text/csv': CSV_EXAMPLE,
  'application/gzip': '(gzipped CSV)',
  'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet': '(a workbook)',
}

export const STATEMENT_ROUTES: readonly AnyRoute[] = [
  route<undefined, StatementQuery, Upload>({
    name: 'importStatement',
    method: 'POST',
    path: '/v1/statements',
    summary: 'Import a statement of what the gateway executed, and reconcile',
    description: `For operators, as \`goldpro recon import\`. All or nothing: a file with a line that cannot be read is refused, with its bad
lines in \`problems\`. Then the period of all statements is reconciled; \`run\` says what changed.`,
    scope: null,
    operatorCommand: 'recon import',
    query: statementQuery,
    files: STATEMENT_FILES,
    answers: {
      201: { description: 'The statement is stored', schema: statementAnswer, example: STATEMENT_EXAMPLE },
      200: {
        description: 'What a dry run would store',
        schema: statementAnswer,
        example: { ...STATEMENT_EXAMPLE, statement_id: null, reconciliation: 'not_asked', run: null },
      },
    },
    problems: ['statement_refused', 'statement_known'],
    handle: ({ query, body }, call) => importUpload(query, body, call),
  }),
]
