import type { Log } from '../core/log.ts'
import { PAUSE_AFTER_MS, retryDelayMs } from './backoff.ts'
import type { Claim } from './deliveries.ts'
import { TEST_EVENT_KIND } from './enums.ts'
import type { Answer, Post } from './http-post.ts'
import { messageBody } from './message.ts'
import type { EndpointPaused, TryResult } from './record-try.ts'
import { cutReply } from './reply-cut.ts'
import { retryAfterMs } from './retry-after.ts'
import { keyText, signedHeaders } from './signing.ts'

export interface DeliverDeps {
  readonly post: Post
  /** See `recordTry`. */
  record(claim: Claim, result: TryResult, pauseAfterMs: number | null): Promise<EndpointPaused | null>
  /** Milliseconds by a clock that is never set. */
  monotonicMs(): number
  /** A number from 0 up to 1. */
  random(): number
  readonly log: Log
}

/**
 * Sends one claimed delivery, once, and records the outcome. The time of day is the database's at the claim, plus what
 * passed since by the monotonic clock: the process' own clock may be wrong, and receivers refuse a wrong timestamp.
 * @returns the recorded result
 */
export async function deliver(claim: Claim, deps: DeliverDeps): Promise<TryResult> {
  const { post, record, monotonicMs, random, log } = deps
  const startedMs = monotonicMs()
  const body = messageBody(claim)
  const { eventId, secrets, url, claimedAt } = claim
  const headers = {
    'content-type': 'application/json',
    'user-agent': 'goldpro-worker',
    ...signedHeaders({ eventId, body, secrets, nowMs: claimedAt.getTime() }),
  }
  const answer = await post({ url, headers, body })
  const durationMs = monotonicMs() - startedMs
  const nowMs = claimedAt.getTime() + durationMs
  const result = resultOf(answer, claim, { durationMs, nowMs, random: random() })
  const paused = await record(claim, result, isTest(claim) ? null : PAUSE_AFTER_MS)
  logResult(log, claim, result, nowMs)
  if (paused !== null) logPaused(log, claim, paused)
  return result
}

interface Times {
  readonly durationMs: number
  readonly nowMs: number
  readonly random: number
}

function resultOf(answer: Answer, claim: Claim, { durationMs, nowMs, random }: Times): TryResult {
  const following = followingOf(answer, claim, nowMs, random)
  const common = { durationMs: Math.round(durationMs), following }
  switch (answer.is) {
    case 'reply': {
      const { status, text } = answer
      const reply = cutReply(text, hiddenOf(claim))
      return { ...common, httpStatus: status, trouble: null, reply, isGone: status === 410 }
    }
    case 'failure':
      return { ...common, httpStatus: null, trouble: answer.trouble, reply: null, isGone: false }
  }
}

/** What must not be stored when a receiver repeats it in its reply: its secrets, and the query of its URL. */
function hiddenOf({ secrets, url }: Claim): string[] {
  const { search, searchParams } = new URL(url)
  return [...secrets.map(keyText), ...search.slice(1).split(/[&=]/), ...[...searchParams].flat()]
}

const isTest = ({ kind }: Claim) => kind === TEST_EVENT_KIND

/** A test is sent once: the person who started it sees the outcome. */
function followingOf(answer: Answer, claim: Claim, nowMs: number, random: number): TryResult['following'] {
  if (answer.is === 'reply' && answer.status >= 200 && answer.status < 300) return { is: 'delivered' }
  const delayMs = isTest(claim) ? null : retryDelayMs(claim.step, random)
  if (delayMs === null) return { is: 'given_up' }
  return { is: 'pending', delayMs: Math.max(delayMs, requestedDelayMs(answer, nowMs)) }
}

/** The pause that an overloaded receiver requests. It can only lengthen ours. */
function requestedDelayMs(answer: Answer, nowMs: number): number {
  if (answer.is !== 'reply' || (answer.status !== 429 && answer.status !== 503)) return 0
  return retryAfterMs(answer.retryAfter, nowMs) ?? 0
}

function logResult(log: Log, claim: Claim, result: TryResult, nowMs: number): void {
  const { eventId: event, endpointId: endpoint, try: number } = claim
  const { httpStatus: status, trouble, durationMs: ms, following } = result
  const fields = { event, endpoint, try: number, status, trouble, ms }
  switch (following.is) {
    case 'delivered':
      log.debug(fields, 'webhook delivered')
      break
    case 'pending': {
      const next = new Date(nowMs + following.delayMs).toISOString()
      log.info({ ...fields, next }, 'webhook not delivered')
      break
    }
    case 'given_up':
      log.warn(fields, 'webhook given up: `goldpro webhook replay` sends it again')
      break
  }
}

function logPaused(log: Log, { endpointId: endpoint }: Claim, paused: EndpointPaused): void {
  log.error(
    { endpoint, message: paused.pausedBecause, failing_since: paused.failingSince },
    'webhook endpoint paused: events are kept, `goldpro webhook resume` sends them',
  )
}
