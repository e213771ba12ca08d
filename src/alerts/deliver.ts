import type { Log } from '../core/log.ts'
import type { StatementRunner } from '../postgres/pool.ts'
import { retryDelayMs } from '../webhooks/backoff.ts'
import type { Answer, Post } from '../webhooks/http-post.ts'
import { signedHeaders } from '../webhooks/signing.ts'
import { alertBody } from './message.ts'
import { type ClaimedAlert, claimAlert, recordAlertTry } from './store.ts'

/** Where alerts go, and what they are signed with. */
export interface AlertReceiver {
  readonly url: string
  /** In the format of the Standard Webhooks specification, `whsec_…`. */
  readonly secret: string
}

export interface AlertDeps extends AlertReceiver {
  readonly post: Post
  /** A number from 0 up to 1. */
  random(): number
  readonly log: Log
}

/** Much longer than a send may take: another sender sends an alert again only when this one is gone. */
const LEASE_MS = 60_000

/** Sends every alert that is due, one after the other, until none is due or one fails. */
export async function sendDueAlerts(runner: StatementRunner, deps: AlertDeps): Promise<void> {
  for (;;) {
    const [claimed] = await claimAlert(runner, { leaseMs: LEASE_MS })
    if (claimed === undefined) return
    if (!(await deliver(runner, claimed, deps))) return
  }
}

async function deliver(runner: StatementRunner, claimed: ClaimedAlert, deps: AlertDeps): Promise<boolean> {
  const { post, url, secret, random, log } = deps
  const { id, claimedAt } = claimed
  const body = alertBody(claimed)
  const headers = {
    'content-type': 'application/json',
    'user-agent': 'goldpro-worker',
    ...signedHeaders({ eventId: id, body, secrets: [secret], nowMs: claimedAt.getTime() }),
  }
  const answer = await post({ url, headers, body })
  const isDelivered = answer.is === 'reply' && answer.status >= 200 && answer.status < 300
  const delayMs = isDelivered ? null : retryDelayMs(claimed.try - 1, random())
  const state = isDelivered ? 'delivered' : delayMs === null ? 'given_up' : 'pending'
  const result = resultOf(answer)
  await recordAlertTry(runner, { id, try: claimed.try, state, delayMs, result })
  const fields = { alert: id, kind: claimed.kind, try: claimed.try, result }
  if (isDelivered) log.debug(fields, 'alert delivered')
  else if (delayMs === null) log.error(fields, 'alert given up: operations were not told')
  else log.warn(fields, 'alert not delivered, tried again')
  return isDelivered
}

const resultOf = (answer: Answer) => (answer.is === 'reply' ? String(answer.status) : answer.trouble)
