import { type OrderStory, readOrderStory } from '../../orders/queries/order-story.ts'
import { readOrderOrigins } from '../../plans/order-origins.ts'
import { findOpenProposal, type ProposalRow } from '../../reconciliation/proposal-queries.ts'
import { readOrderHold } from '../../switches/queries.ts'
import { ConsoleProblem } from '../http/problem-pages.ts'
import type { Call } from '../route.ts'

/** What a page of one order is drawn from. */
export interface OrderView {
  readonly story: OrderStory
  readonly proposal: ProposalRow | null
}

const READERS = { readOrigins: readOrderOrigins, readHold: readOrderHold }

const ORDER_ID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/

/** @throws ConsoleProblem when there is no such order */
export async function readOrderView({ database, params }: Call): Promise<OrderView> {
  const { id = '' } = params
  const story = ORDER_ID.test(id) ? await readOrderStory(database, id, READERS) : null
  if (story === null) throw new ConsoleProblem('not_found')
  return { story, proposal: await findOpenProposal(database, { orderId: id }) }
}
