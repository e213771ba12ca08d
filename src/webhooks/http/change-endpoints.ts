import type { z } from 'zod'
import { proposeAsHolder } from '../../approvals/commands.ts'
import { Problem } from '../../http/problems.ts'
import type { Answer, Call } from '../../http/route.ts'
import type { StatementRunner } from '../../postgres/pool.ts'
import { CHANGE_ENDPOINT, type NewEndpointRequest } from '../change-kind.ts'
import { claimTest } from '../claim-test.ts'
import { deliver } from '../deliver.ts'
import { pauseEndpoint, removeEndpoint, resumeEndpoint } from '../endpoint-states.ts'
import { parseEndpointUrl } from '../endpoint-url.ts'
import { rotateSecret } from '../endpoints.ts'
import { ENDPOINT_KINDS, problemOfKinds } from '../enums.ts'
import type { Post } from '../http-post.ts'
import {
  actAsHolder,
  listAskedEndpoints,
  listOwnEndpoints,
  lockOwnEndpoint,
  type OwnEndpoint,
} from '../own-endpoints.ts'
import { recordTry } from '../record-try.ts'
import { LEASE_MS } from '../start-sender.ts'
import {
  endpointAnswerOf,
  type endpointBody,
  type endpointChange,
  type secretBody,
} from './endpoint-schemas.ts'

declare module '../../http/route.ts' {
  interface ApiDeps {
    readonly webhooks: {
      readonly allowLoopback: boolean
      readonly post: Post
      /** Bounds how often partners may have a test sent. */
      readonly tests: { take(partner: string): boolean }
    }
  }
}

/** What a partner may have: endpoints, and requests that wait. */
const MOST = 10
const HOUR_MS = 3_600_000

/** Asks for a new endpoint. It is there once an operator has approved it. */
export async function askForEndpoint(body: z.infer<typeof endpointBody>, call: Call): Promise<Answer> {
  const { partner } = call.caller
  const wanted = {
    partner,
    url: readUrl(body.url, call),
    kinds: readKinds(body.kinds ?? [...ENDPOINT_KINDS]),
  }
  return await call.database.transaction((runner) => ask(runner, wanted, call))
}

/** Pauses or resumes an endpoint at once, or asks for another URL or other kinds. */
export async function changeEndpoint(
  id: number,
  { url, kinds, state }: z.infer<typeof endpointChange>,
  call: Call,
): Promise<Answer> {
  const isRedirected = url !== undefined || kinds !== undefined
  if (isRedirected === (state !== undefined))
    throw invalid(
      'body',
      'must have url or kinds, or else state: what an operator approves is asked for apart',
    )
  return await inOwn(id, call, async (runner, endpoint, name) => {
    if (isRedirected) {
      const wanted = {
        partner: call.caller.partner,
        url: url === undefined ? endpoint.url : readUrl(url, call),
        kinds: readKinds(kinds ?? endpoint.kinds),
        endpointId: id,
      }
      return await ask(runner, wanted, call)
    }
    if (state === 'paused') {
      if (endpoint.state === 'active') await pauseEndpoint(runner, id, `${name}: over HTTP`)
    } else if (endpoint.state === 'paused') {
      const isOperators =
        endpoint.pausedBecause === 'person' && !endpoint.note?.startsWith(`${call.caller.partner}/`)
      if (isOperators)
        throw new Problem('endpoint_state', { detail: 'an operator paused it, and resumes it' })
      await resumeEndpoint(runner, id)
    }
    const changed = (await listOwnEndpoints(runner, call.caller.partner)).find((each) => each.id === id)
    return { status: 200, body: changed === undefined ? null : endpointAnswerOf(changed) }
  })
}

export async function removeOwnEndpoint(id: number, call: Call): Promise<Answer> {
  return await inOwn(id, call, async (runner, _endpoint, name) => {
    const givenUp = await removeEndpoint(runner, id, `${name}: over HTTP`)
    return { status: 200, body: { id, given_up: givenUp ?? 0 } }
  })
}

export async function rotateOwnSecret(
  id: number,
  { overlap_hours: hours = 24 }: z.infer<typeof secretBody>,
  call: Call,
): Promise<Answer> {
  return await inOwn(id, call, async (runner) => {
    const rotated = await rotateSecret(runner, id, hours * HOUR_MS)
    if (rotated === null) throw new Problem('not_found')
    const { secret, previousUntil } = rotated
    return { status: 200, body: { id, secret, previous_until: previousUntil?.toISOString() ?? null } }
  })
}

/** Sends a test event now, once. */
export async function testOwnEndpoint(id: number, call: Call): Promise<Answer> {
  const { database, webhooks, caller, log } = call
  await inOwn(id, call, async () => null)
  if (!webhooks.tests.take(caller.partner)) throw new Problem('overloaded', { retryAfterS: 1 })
  const claim = await claimTest(database, id, LEASE_MS)
  if (claim === null) throw new Problem('not_found')
  call.releaseSlot()
  const { following, httpStatus, trouble, durationMs } = await deliver(claim, {
    post: webhooks.post,
    record: (...recorded) => recordTry(database, ...recorded),
    monotonicMs: () => performance.now(),
    random: Math.random,
    log,
  })
  await call.reauthenticate()
  const body = {
    delivered: following.is === 'delivered',
    http_status: httpStatus,
    trouble,
    duration_ms: durationMs,
  }
  return { status: 200, body }
}

/** Works on an endpoint of the caller's partner, as its holder. @throws Problem when the partner has none of this number */
async function inOwn<T>(
  id: number,
  { database, caller }: Call,
  work: (
    runner: StatementRunner,
    endpoint: OwnEndpoint & { note: string | null },
    name: string,
  ) => Promise<T>,
): Promise<T> {
  return await database.transaction(async (runner) => {
    const name = await actAsHolder(runner, caller)
    const endpoint = await lockOwnEndpoint(runner, { id, partner: caller.partner })
    if (endpoint === null) throw new Problem('not_found')
    return await work(runner, endpoint, name)
  })
}

async function ask(runner: StatementRunner, wanted: NewEndpointRequest, { caller }: Call): Promise<Answer> {
  const name = await actAsHolder(runner, caller)
  const there = await listOwnEndpoints(runner, caller.partner)
  const asked = await listAskedEndpoints(runner, caller.partner)
  if (there.length + asked.length >= MOST && wanted.endpointId === undefined)
    throw new Problem('endpoint_state', {
      detail: `you have ${MOST} endpoints and requests: remove one first`,
    })
  if (asked.length >= MOST)
    throw new Problem('endpoint_state', { detail: `${MOST} requests wait for an operator already` })
  const result = await proposeAsHolder(runner, name, CHANGE_ENDPOINT, wanted)
  if (result.is === 'refused') throw new Problem('endpoint_state', { detail: result.message })
  const { url, kinds, endpointId = null } = wanted
  return {
    status: 202,
    body: { request: result.requestId, endpoint_id: endpointId, url, kinds, asked_at: null },
  }
}

/** The URL as the command line accepts it. @throws Problem */
function readUrl(given: string, { webhooks }: Call): string {
  const parsed = parseEndpointUrl(given, webhooks.allowLoopback)
  if (parsed.is === 'refused') throw invalid('url', parsed.message)
  return parsed.url.href
}

function readKinds(kinds: readonly string[]): readonly string[] {
  const problem = problemOfKinds(kinds)
  if (problem !== null) throw invalid('kinds', problem)
  return kinds
}

const invalid = (field: string, problem: string) =>
  new Problem('invalid_request', { errors: [{ field, problem }] })
