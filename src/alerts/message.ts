import { maskPhoneNumbersIn } from '../core/masking.ts'
import type { AlertKind } from './enums.ts'

/** What a message is made of. It was stored with the alert, so every try sends the same body. */
export interface AlertFacts {
  readonly kind: AlertKind
  readonly at: Date
  readonly facts: Readonly<Record<string, unknown>>
}

/** The body that `docs/controls.md` documents. Texts of people and partners are masked: no phone number leaves. */
export function alertBody({ kind, at, facts }: AlertFacts): string {
  return JSON.stringify({ type: kind, timestamp: at.toISOString(), data: facts }, (_key, value: unknown) =>
    typeof value === 'string' && !UUID.test(value) ? maskPhoneNumbersIn(value) : value,
  )
}

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/
