/** Kinds of events about orders. One state change of an order is one event; leaving doubt is `order.resolved`. */
export const ORDER_EVENT_KINDS = [
  'order.succeeded',
  'order.rejected',
  'order.expired',
  'order.cancelled',
  'order.in_doubt',
  'order.resolved',
] as const

/** Sent when every row of a partner's own batch has ended. */
export const BATCH_EVENT_KIND = 'batch.finished'

/** The kinds that an endpoint can subscribe to; by default it subscribes to all. */
export const ENDPOINT_KINDS = [...ORDER_EVENT_KINDS, BATCH_EVENT_KIND] as const

/** The counts of a finished batch. All but `rows` add up to `rows`. */
export const BATCH_COUNTS = [
  'rows',
  'succeeded',
  'rejected',
  'expired',
  'cancelled',
  'in_doubt',
  'conflicts',
] as const
export type BatchCounts = Readonly<Record<(typeof BATCH_COUNTS)[number], number>>

/** Sent by `goldpro webhook test`, about no order. */
export const TEST_EVENT_KIND = 'webhook.test'
export const EVENT_KINDS = [...ENDPOINT_KINDS, TEST_EVENT_KIND] as const
export type EventKind = (typeof EVENT_KINDS)[number]

/** A removed endpoint stays as a row, without its secrets: its deliveries are history. */
export const ENDPOINT_STATES = ['active', 'paused', 'removed'] as const
export type EndpointState = (typeof ENDPOINT_STATES)[number]

/** Why an endpoint is paused: by a person, by 24 hours without a success, or because it answered 410 Gone. */
export const PAUSE_REASONS = ['person', 'failing', 'gone'] as const
export type PauseReason = (typeof PAUSE_REASONS)[number]

/** One event to one endpoint. Only `pending` is ever sent. */
export const DELIVERY_STATES = ['pending', 'delivered', 'given_up'] as const
export type DeliveryState = (typeof DELIVERY_STATES)[number]

/**
 * Which kinds an endpoint takes.
 * @returns what is wrong with the choice, or null
 */
export function problemOfKinds(kinds: readonly string[]): string | null {
  const unknown = kinds.find((kind) => !(ENDPOINT_KINDS as readonly string[]).includes(kind))
  if (unknown !== undefined) return `the kinds are ${ENDPOINT_KINDS.join(', ')}`
  if (kinds.length === 0) return 'name at least one kind'
  const tellsEnd = kinds.includes('order.succeeded') || kinds.includes('order.rejected')
  // Without it the endpoint would never be sent the end of a doubt.
  if (tellsEnd && !kinds.includes('order.resolved'))
    return 'order.succeeded and order.rejected need order.resolved: an order that was in doubt ends by it'
  return null
}
