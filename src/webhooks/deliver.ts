import type { Log } from '../core/log.ts'
import { PAUSE_AFTER_MS, retryDelayMs } from './backoff.ts'
import type { Claim, EndpointPaused, TryResult } from './deliveries.ts'
import { TEST_EVENT_KIND } from './enums.ts'
import type { Answer, Post } from './http-post.ts'
import { messageBody } from './message.ts'
import { cutReply } from './reply-cut.ts'
import { retryAfterMs } from './retry-after.ts'
import { keyText, signedHeaders } from './signing.ts'

export interface DeliverDeps {
  readonly post: Post
  /** See `recordTry`. */
  record(claim: Claim, result: TryResult, pauseAfterMs: number | null): Promise<EndpointPaused | null>
  /** Milliseconds since the epoch. */
  now(): number
  /** A number from 0 up to 1. */
  random(): number
  readonly log: Log
}

/**
 * Sends one taken delivery, once, and records what came of it.
 * @returns the recorded result
 */
export async function deliver(claim: Claim, deps: DeliverDeps): Promise<TryResult> {
  const { post, record, now, random, log } = deps
  const startedMs = now()
  const body = messageBody(claim)
  const { eventId, secrets, url } = claim
  const headers = {
    'content-type': 'application/json',
    'user-agent': 'goldpro-worker',
    ...signedHeaders({ eventId, body, secrets, nowMs: startedMs }),
  }
  const answer = await post({ url, headers, body })
  const atMs = now()
  const result = resultOf(answer, claim, { startedMs, atMs, random: random() })
  const paused = await record(claim, result, isTest(claim) ? null : PAUSE_AFTER_MS)
  tell(log, claim, result, paused)
  return result
}

interface Times {
  readonly startedMs: number
  readonly atMs: number
  readonly random: number
}

function resultOf(answer: Answer, claim: Claim, { startedMs, atMs, random }: Times): TryResult {
  const kept = { atMs, durationMs: Math.max(0, Math.round(atMs - startedMs)) }
  const following = followingOf(answer, claim, atMs, random)
  switch (answer.is) {
    case 'reply': {
      const { status, text } = answer
      return {
        ...{ ...kept, httpStatus: status, trouble: null, reply: cutReply(text, hiddenOf(claim)) },
        ...{ following, isGone: status === 410 },
      }
    }
    case 'failure':
      return { ...kept, httpStatus: null, trouble: answer.trouble, reply: null, following, isGone: false }
  }
}

/** What a receiver may say back to us and nobody may read: its secrets, and what follows the path of its URL. */
function hiddenOf({ secrets, url }: Claim): string[] {
  const { search, searchParams } = new URL(url)
  return [...secrets.map(keyText), ...search.slice(1).split(/[&=]/), ...[...searchParams].flat()]
}

const isTest = ({ kind }: Claim) => kind === TEST_EVENT_KIND

/** A test is sent once: the person who asked for it sees what came of it. */
function followingOf(answer: Answer, claim: Claim, atMs: number, random: number): TryResult['following'] {
  if (answer.is === 'reply' && answer.status >= 200 && answer.status < 300) return { is: 'delivered' }
  const delayMs = isTest(claim) ? null : retryDelayMs(claim.step, random)
  if (delayMs === null) return { is: 'given_up' }
  return { is: 'pending', nextAtMs: atMs + Math.max(delayMs, askedDelayMs(answer, atMs)) }
}

/** What a receiver that has too much to do asks for; it only lengthens a pause. */
function askedDelayMs(answer: Answer, atMs: number): number {
  if (answer.is !== 'reply' || (answer.status !== 429 && answer.status !== 503)) return 0
  return retryAfterMs(answer.retryAfter, atMs) ?? 0
}

function tell(log: Log, claim: Claim, result: TryResult, paused: EndpointPaused | null): void {
  const { eventId: event, endpointId: endpoint, try: number } = claim
  const { httpStatus: status, trouble, durationMs: ms } = result
  const fields = { event, endpoint, try: number, status, trouble, ms }
  switch (result.following.is) {
    case 'delivered':
      log.debug(fields, 'webhook delivered')
      break
    case 'pending':
      log.info(
        { ...fields, next: new Date(result.following.nextAtMs).toISOString() },
        'webhook not delivered',
      )
      break
    case 'given_up':
      log.warn(fields, 'webhook given up: `goldpro webhook replay` sends it again')
      break
  }
  if (paused !== null)
    log.error(
      { endpoint, message: paused.pausedBecause, failing_since: paused.failingSince },
      'webhook endpoint paused: events are kept, `goldpro webhook resume` sends them',
    )
}
