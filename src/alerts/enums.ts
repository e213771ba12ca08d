/** What operations are told of by their own webhook. */
export const ALERT_KINDS = [
  'switch.closed',
  'doubt.overdue',
  'break.overdue',
  'statement.overdue',
  'endpoint.paused',
  'process.silent',
  'batch.finished',
  'batch.stopped',
] as const
export type AlertKind = (typeof ALERT_KINDS)[number]

export const ALERT_STATES = ['pending', 'delivered', 'given_up'] as const
