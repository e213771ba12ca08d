import { createHash } from 'node:crypto'
import { maskNumbersIn, maskPhoneNumber, maskPhoneNumbersIn } from '../core/masking.ts'
import type { Envelope } from './codecs.ts'

/**
 * The stored form of a reply's body, as JSON: only the documented fields, masked. A reply may hold any data about a
 * customer, and people who settle doubts read what is stored.
 */
export function keptBody(text: string, envelope: Envelope | null): string {
  try {
    return JSON.stringify(envelope === null ? keptText(text) : keptEnvelope(text, envelope))
  } catch {
    return JSON.stringify({ unreadable: { bytes: Buffer.byteLength(text) } })
  }
}

const MAX_NAMES = 20
const MAX_IDS = 10
const MAX_ITEMS = 5
const MESSAGE_CHARACTERS = 300

type Keep = (value: unknown) => unknown

/** Ids are stored unchanged, because people search statements for them. An id has a digit, no space and no @. */
const id: Keep = (value) =>
  (typeof value === 'string' && /^(?=.*\d)[A-Za-z0-9][A-Za-z0-9._:/-]{0,127}$/.test(value)) ||
  (typeof value === 'number' && Number.isFinite(value))
    ? maskPhoneNumbersIn(String(value))
    : shapeOf(value)
/** No documented figure is larger. A phone or KTP number in a figure's field is masked as everywhere else. */
const MAX_FIGURE = 1_000_000_000_000
const number: Keep = (value) => {
  if (typeof value === 'number') return Math.abs(value) <= MAX_FIGURE ? value : shapeOf(value)
  const isFigure = typeof value === 'string' && /^-?(?!0\d)[\d.,]{1,15}$/.test(value)
  return isFigure && maskNumbersIn(value) === value ? value : shapeOf(value)
}
const phone: Keep = (value) =>
  typeof value === 'string' && /^\+?[\dxX*]{6,20}$/.test(value) ? maskPhoneNumber(value) : shapeOf(value)
const time: Keep = (value) =>
  typeof value === 'string' && /^\d{4}-\d\d-\d\d[\dTZ:.+ -]{0,25}$/.test(value) ? value : shapeOf(value)
/** A recipient is a phone number or a name. Of a name only its length is stored. */
const additional: Keep = (value) => (isRecord(value) ? known(value, { recipient: phone }) : shapeOf(value))

const DATA: Readonly<Record<string, Keep>> = {
  request_id: id,
  response_id: id,
  session_id: id,
  phone_number: phone,
  gold_weight: number,
  amount: number,
  fee: number,
  additional,
}

const RESPONSE: Readonly<Record<string, Keep>> = {
  response_status: (value) => (typeof value === 'boolean' ? value : shapeOf(value)),
  response_code: number,
  response_message: (value) => (typeof value === 'string' ? keptMessage(value) : shapeOf(value)),
  response_timestamp: time,
}

function keptEnvelope(text: string, envelope: Envelope): Record<string, unknown> {
  const { data, general_response: response, ...others } = JSON.parse(text.replace(/[\r\n]+/g, ' '))
  return {
    ...(data === undefined ? {} : { data: keptData(envelope.data) }),
    general_response: isRecord(response) ? known(response, RESPONSE) : shapeOf(response),
    ...unknownFields(others),
  }
}

function keptData(data: unknown): unknown {
  if (Array.isArray(data)) return { list: data.length, first: data.slice(0, MAX_ITEMS).map(keptItem) }
  return keptItem(data)
}

const keptItem = (item: unknown) => (isRecord(item) ? known(item, DATA) : shapeOf(item))

function known(record: Record<string, unknown>, keeps: Readonly<Record<string, Keep>>) {
  const entries = Object.entries(keeps).filter(([name]) => Object.hasOwn(record, name))
  const others = Object.entries(record).filter(([name]) => !Object.hasOwn(keeps, name))
  return {
    ...Object.fromEntries(entries.map(([name, keep]) => [name, keep(record[name])])),
    ...unknownFields(Object.fromEntries(others)),
  }
}

/** Undocumented fields: only their names, and only names that look like field names. */
function unknownFields(others: Record<string, unknown>): Record<string, unknown> {
  const names = Object.keys(others)
  if (names.length === 0) return {}
  const harmless = names.filter((name) => /^[a-z_]{1,40}$/.test(name)).slice(0, MAX_NAMES)
  return { unknown_fields: { count: names.length, names: harmless } }
}

/**
 * The stored form of a text that is not the documented envelope: its length, its hash and the values of known ids. A person
 * who settles the doubt searches the statement for these ids.
 */
function keptText(text: string): Record<string, unknown> {
  const ids = [...text.matchAll(ID_IN_TEXT)].map(([, name = '', value = '']) => ({
    [name.toLowerCase()]: id(value),
  }))
  return {
    unreadable: {
      bytes: Buffer.byteLength(text),
      sha256: createHash('sha256').update(text).digest('hex'),
      begins_with: beginningOf(text),
      ...(ids.length === 0 ? {} : { ids: ids.slice(0, MAX_IDS) }),
    },
  }
}

const ID_IN_TEXT =
  /\b(session_id|response_id|request_id)\b["'\s]{0,4}[:=>]["'\s]{0,4}([A-Za-z0-9][\w./-]{0,127})/gi

function beginningOf(text: string): string {
  const [, sign = ''] = /^\s*([{[<"]?)/.exec(text.slice(0, 200)) ?? []
  return (
    { '{': 'object', '[': 'list', '<': 'markup', '"': 'text' }[sign] ??
    (text.trim() === '' ? 'nothing' : 'text')
  )
}

/** The gateway's message, with e-mail addresses, phone numbers and KTP numbers masked. */
export function keptMessage(message: string): string {
  const text = message
    .toWellFormed()
    .replace(/[^\P{Cc}\n\t\r]/gu, '?')
    .replace(/\s+/g, ' ')
    .trim()
  return maskNumbersIn(text.slice(0, MESSAGE_CHARACTERS * 2))
    .replace(/[^\s@<>"']+@[^\s@<>"']+/g, '(e-mail address)')
    .replace(DIGITS_IN_PIECES, maskIfPersonal)
    .slice(0, MESSAGE_CHARACTERS)
}

const DIGITS_IN_PIECES = /\+?\d(?:[\s.()/-]{0,2}\d){8,}/g

/** Masks a phone or KTP number in any spacing. Ids of other lengths stay, because they are evidence. */
function maskIfPersonal(run: string): string {
  const isPersonal = /^(?:(?:0062|62|0)?8\d{7,12}|\d{16})$/.test(run.replace(/\D/g, ''))
  return isPersonal ? run.replace(/\d(?=(?:\D*\d){3})/g, 'x') : run
}

function shapeOf(value: unknown): string {
  if (typeof value === 'string') return `(text of ${value.length} characters)`
  if (Array.isArray(value)) return `(list of ${value.length})`
  return value === null ? '(null)' : `(${typeof value})`
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
