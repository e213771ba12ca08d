import { createHash } from 'node:crypto'
import { maskNumbersIn, maskPhoneNumber } from '../core/masking.ts'
import { ORDER_KINDS } from '../orders/command.ts'
import type { InvalidOrderError } from '../orders/submission.ts'

/** A refused job as `rejected_jobs` stores it: its sender if known, and the known fields of its data. */
export interface RejectedJob {
  readonly jobId: string
  readonly jobName: string
  readonly partner: string | null
  readonly reference: string | null
  readonly field: string
  readonly reason: string
  readonly maskedData: string
  readonly dataHash: string
}

interface QueuedJob {
  readonly id?: string | undefined
  readonly name: unknown
  readonly data: unknown
}

const KEPT_CHARACTERS = 2_000
const KEPT_UNKNOWN_NAMES = 20

/** Describes a job that is refused permanently. Never throws: what cannot be described is left out. */
export function rejectedJob(job: QueuedJob, error: InvalidOrderError): RejectedJob {
  const known = orElse(() => knownFields(job.data), {})
  const dataHash = orElse(() => hashOf(job), 'unknown')
  return {
    jobId: orElse(() => keptId(job.id), 'unknown'),
    jobName: typeof job.name === 'string' && JOB_NAMES.includes(job.name) ? job.name : '(other)',
    partner: typeof known.partner === 'string' && PARTNER.test(known.partner) ? known.partner : null,
    reference: typeof known.reference === 'string' && TOKEN.test(known.reference) ? known.reference : null,
    field: error.field,
    reason: error.message.slice(0, KEPT_CHARACTERS),
    maskedData: orElse(() => JSON.stringify(known).slice(0, KEPT_CHARACTERS), ''),
    dataHash,
  }
}

const JOB_NAMES: readonly string[] = [...ORDER_KINDS, 'wake']

/** Texts that are stored with only their numbers masked: ids, and no sentence, name or e-mail address. */
const TOKEN = /^[A-Za-z0-9][A-Za-z0-9._:/#-]{0,127}$/
const PARTNER = /^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/
const KEY = /gp_[a-z0-9]{12}_[A-Za-z0-9_-]{20,}/

type Keep = (value: unknown) => unknown

const UUID = /^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$/

/** A run of nine digits or more, with any separators, may be a phone number. */
const NUMBER_IN_PIECES = /\d(?:[._:/#-]?\d){8,}/g
const maskIfPhoneNumber = (run: string) =>
  /^(?:0|62|0062)?8\d{7,12}$/.test(run.replace(/\D/g, '')) ? run.replace(/\d(?=(?:\D*\d){3})/g, 'x') : run

const token: Keep = (value) => {
  if (typeof value !== 'string' || !TOKEN.test(value) || KEY.test(value)) return shapeOf(value)
  return UUID.test(value) ? value : maskNumbersIn(value).replace(NUMBER_IN_PIECES, maskIfPhoneNumber)
}
const measure: Keep = (value) =>
  typeof value === 'number' || (typeof value === 'string' && /^\d{1,9}(\.\d{1,9})?$/.test(value))
    ? value
    : shapeOf(value)
const phone: Keep = (value) =>
  typeof value === 'string' && /^\+?\d{8,15}$/.test(value) ? maskPhoneNumber(value) : shapeOf(value)
const time: Keep = (value) =>
  typeof value === 'string' && /^[\dTZ:.+-]{10,35}$/.test(value) && /^\d{4}-\d\d-\d\d/.test(value)
    ? value
    : shapeOf(value)
const limit: Keep = (value) =>
  isRecord(value) ? pick(value, { max_price_per_gram: measure, min_price_per_gram: measure }) : shapeOf(value)
const orderId: Keep = (value) => (typeof value === 'string' && UUID.test(value) ? value : shapeOf(value))

/** The fields of the job contract and how much of each is stored. Other fields are not stored. */
const KEPT_FIELDS: Readonly<Record<string, Keep>> = {
  kind: (value) => (JOB_NAMES.includes(String(value)) ? value : shapeOf(value)),
  partner: token,
  reference: token,
  phone_number: phone,
  gold_weight: measure,
  amount: measure,
  limit,
  deadline: time,
  recipient: phone,
  orderId,
  remarks: shapeOf,
  ktp: shapeOf,
  address: shapeOf,
}

function knownFields(data: unknown): Record<string, unknown> {
  if (!isRecord(data)) return { data: shapeOf(data) }
  const kept = pick(data, KEPT_FIELDS)
  const others = Object.keys(data).filter((name) => !Object.hasOwn(KEPT_FIELDS, name))
  if (others.length === 0) return kept
  const named = others.filter((name) => /^[a-z_]{1,40}$/.test(name)).slice(0, KEPT_UNKNOWN_NAMES)
  return { ...kept, unknown_fields: { count: others.length, names: named } }
}

function pick(data: Record<string, unknown>, keeps: Readonly<Record<string, Keep>>): Record<string, unknown> {
  const entries = Object.entries(keeps).filter(([name]) => Object.hasOwn(data, name))
  return Object.fromEntries(entries.map(([name, keep]) => [name, keep(data[name])]))
}

/** The type and size of a value, without its content. */
function shapeOf(value: unknown): string {
  if (typeof value === 'string') return `(text of ${value.length} characters)`
  if (Array.isArray(value)) return `(list of ${value.length})`
  return value === null ? '(null)' : `(${typeof value})`
}

/** An id unchanged if it is harmless, else its hash, so that two ids stay different. */
function keptId(id: unknown): string {
  if (id === undefined) return ''
  const kept = typeof id === 'string' && id.length <= 128 ? token(id) : null
  return kept === id ? String(id) : `sha256:${digest(String(id))}`
}

function hashOf({ name, data }: QueuedJob): string {
  return digest(`${String(name)}\n${orElse(() => JSON.stringify(data), 'nested too deep')}`)
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}

function orElse<T>(describe: () => T, otherwise: T): T {
  try {
    return describe()
  } catch {
    return otherwise
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
