import { z } from 'zod'
import { readPlace, wholeNumber, writePlace } from '../../http/paging.ts'
import { Problem } from '../../http/problems.ts'
import { type Answer, type AnyRoute, type Call, route } from '../../http/route.ts'
import {
  FEED_BEGINNING,
  type FeedEvent,
  type FeedPlace,
  feedKey,
  readFeed,
  readFeedEpoch,
  readFeedNow,
} from '../feed.ts'
import { messageOf } from '../message.ts'
import { orderMessage, WEBHOOKS } from './webhook-messages.ts'

const MAX_EVENTS = 500
const EVENTS = 100
const MAX_WAIT_S = 60

const feedAnswer = z
  .strictObject({
    events: z.array(orderMessage).describe('as webhooks have them, in the order in which they happened'),
    next: z
      .string()
      .describe('the cursor after these events: keep it once you have stored them. It is always there'),
    more: z.boolean().describe('whether more events are there already'),
  })
  .meta({ id: 'EventPage', description: 'Events of your orders after a cursor' })

const listing = z.strictObject({
  after: z
    .string()
    .max(200)
    .describe(
      '`next` of the answer before; without it the feed begins with your oldest event, and with `now` after all that you could read',
    )
    .optional(),
  limit: wholeNumber(1, MAX_EVENTS, `events at most, default ${EVENTS},`).optional(),
  wait: wholeNumber(0, MAX_WAIT_S, 'seconds to wait for an event where there is none').optional(),
})

const DESCRIPTION = `Every end and every doubt of your orders, each exactly once, always in the same order; nothing appears later before
what you have read. The events of one order are in their order; of two orders, an event that was stored before the other began to
be stored comes first. An event appears once every transaction that began to write before it has ended: as a rule at once.
\`sequence\` counts the order's events in this feed; those that webhooks count are only those that were sent.`

export const EVENT_ROUTES: readonly AnyRoute[] = [
  route({
    name: 'readEvents',
    method: 'GET',
    path: '/v1/events',
    summary: 'Read the events of your orders, in order and without gaps',
    description: DESCRIPTION,
    scope: 'orders:read',
    query: listing,
    answers: {
      200: {
        description: 'Events after the cursor; none where there is nothing new',
        schema: feedAnswer,
        example: {
          events: [WEBHOOKS['order.succeeded'].example],
          next: 'MC83NDIxLzE5',
          more: false,
        },
      },
    },
    problems: ['cursor_outdated'],
    handle: ({ query }, call) => readEvents(query, call),
  }),
]

async function readEvents(
  { after, limit = EVENTS, wait = 0 }: z.infer<typeof listing>,
  call: Call,
): Promise<Answer> {
  const { database, caller, longPoll } = call
  const { partner } = caller
  const epoch = await readFeedEpoch(database)
  // What was told may be gone, and may be told again: nothing is told until the restored database is recovered.
  if (epoch === null) throw new Problem('unavailable', { retryAfterS: 60 })
  const place = after === NOW ? await readFeedNow(database) : placeOf(after, epoch)
  const read = () => readFeed(database, { partner, after: place, limit: limit + 1 })
  let found = await read()
  if (found.length === 0 && wait > 0) {
    call.releaseSlot()
    await longPoll.waitFor({ key: feedKey(partner, place), partner, seconds: wait, signal: call.signal })
    await call.reauthenticate()
    found = await read()
  }
  return { status: 200, body: pageOf(found, { place, epoch, limit }) }
}

function pageOf(
  found: readonly FeedEvent[],
  { place, epoch, limit }: { readonly place: FeedPlace; readonly epoch: number; readonly limit: number },
) {
  const events = found.slice(0, limit)
  const { position, id } = events.at(-1) ?? place
  return {
    events: events.map(({ facts }) => messageOf(facts)),
    next: writePlace(`${epoch}/${position}/${id}`),
    more: found.length > limit,
  }
}

/** Where a program begins that does not need what happened before it. */
const NOW = 'now'
const PLACE = /^(\d{1,9})\/(\d{1,18})\/(\d{1,18})$/

/** @throws Problem for a cursor of another feed or of before a restore */
function placeOf(after: string | undefined, epoch: number): FeedPlace {
  const text = readPlace(after, (given) => PLACE.test(given), 'after')
  const [, given, position, id] = PLACE.exec(text ?? '') ?? []
  if (position === undefined || id === undefined) return FEED_BEGINNING
  if (Number(given) !== epoch) throw new Problem('cursor_outdated')
  return { position: BigInt(position), id: BigInt(id) }
}
