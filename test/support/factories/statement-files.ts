import { Readable } from 'node:stream'
import type { Session } from '../../../src/postgres/session.ts'
import {
  type ImportRequest,
  type ImportResult,
  importStatement,
} from '../../../src/reconciliation/statements/import.ts'
import { WALLET } from './job-data.ts'
import { DAY, type RecordedLine } from './recorded-orders.ts'

/** The mapping that ships. */
export const MAPPING = {
  columns: {
    session_id: 'session_id',
    response_id: 'response_id',
    request_id: 'request_id',
    kind: 'type',
    phone_number: 'phone_number',
    gold_weight: 'gold_weight',
    amount: 'amount',
    fee: 'fee',
    executed_at: 'executed_at',
  },
  kinds: { buy: ['buy'], sell: ['sell'], transfer: ['transfer'], withdraw: ['withdraw'] },
  ignored_kinds: [],
  header_row: 'first',
  ignored_rows: [],
  trailer: null,
  parts: 'separate',
  sheet: null,
  delimiter: ',',
  encoding: 'utf-8',
  decimal: '.',
  thousands: '',
  dates: 'iso',
  time_zone: 'Asia/Jakarta',
} as const

export const HEADER = 'session_id,response_id,request_id,type,phone_number,gold_weight,amount,fee,executed_at'

/** A good line of that mapping, with cells changed. */
export function csvLine(n: number, cells: Partial<Record<string, string>> = {}): string {
  const line: Record<string, string> = {
    ...{ session_id: `S${n}`, response_id: `R${n}`, request_id: `Q${n}`, type: 'buy', phone_number: WALLET },
    ...{ gold_weight: '0.5', amount: '441000', fee: '5000', executed_at: '2026-02-09T05:00:00Z' },
    ...cells,
  }
  return HEADER.split(',')
    .map((column) => line[column])
    .join(',')
}

/** The file that the gateway would send for lines. */
export function csvOf(lines: readonly RecordedLine[]): string {
  const rows = lines.map((line) => [
    ...[line.sessionId, line.responseId, line.requestId, line.kind, line.phoneNumber, line.goldWeight],
    ...[line.amount, line.fee, line.executedAt.toISOString()],
  ])
  return [HEADER, ...rows.map((row) => row.map((cell) => cell ?? '').join(','))]
    .map((row) => `${row}\n`)
    .join('')
}

/** Imports a file of a test, by default as a complete statement of the recorded orders' day. */
export async function importText(
  session: Session,
  file: string | Buffer | Readable,
  request: Partial<ImportRequest> = {},
): Promise<ImportResult> {
  const bytes = file instanceof Readable ? file : Readable.from([Buffer.from(file)])
  return await importStatement(session, bytes, {
    ...{ fileName: 'test.csv', source: 'gateway', period: DAY, complete: true, mapping: 'sandbox' },
    ...{ badLines: 'refuse', replace: false, dryRun: false, by: 'test', nowMs: Date.now() },
    ...request,
  })
}
