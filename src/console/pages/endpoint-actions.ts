import { databaseOf } from '../../operators/acting.ts'
import type { Person } from '../../operators/person-commands.ts'
import type { Database } from '../../postgres/pool.ts'
import { pauseEndpoint, resumeEndpoint } from '../../webhooks/endpoint-states.ts'
import { type Endpoint, listEndpoints } from '../../webhooks/endpoints.ts'
import { replayDeliveries } from '../../webhooks/replay-deliveries.ts'
import { orRefusal, Refused } from '../command-outcome.ts'
import { ConsoleProblem } from '../http/problem-pages.ts'
import { type Answer, type Call, done } from '../route.ts'
import { staleness } from '../stale.ts'
import { shownOfEndpoint } from './endpoints.ts'
import { partnerPage, readPartnerView } from './partner.ts'
import { placeOf } from './partners.ts'

type Work = (database: Database, endpoint: Endpoint, person: Person, call: Call) => Promise<void>

/** Gives a command to an endpoint of the page's partner, unless the person saw another state of it. */
const commandOf =
  (said: string, work: Work) =>
  async (call: Call): Promise<Answer> => {
    const { name } = await readPartnerView(call)
    const endpoints = await listEndpoints(call.database, { partner: name, removedToo: false })
    const endpoint = endpoints.find(({ id }) => String(id) === call.params.id)
    if (endpoint === undefined) throw new ConsoleProblem('not_found')
    const stale = staleness(call, shownOfEndpoint(endpoint))
    if (stale !== null) return await partnerPage(call, stale)
    const person = call.person((call.form.get('note') ?? '').trim())
    const give = async () => {
      await work(databaseOf(call.database, person), endpoint, person, call)
      return done(placeOf(name), said)
    }
    return await orRefusal(give, (problem) => partnerPage(call, problem))
  }

export const pause = commandOf('endpoint_paused', async (database, { id }, { by, note }, { texts }) => {
  if (!/[\p{L}\p{N}]/u.test(note)) throw new Refused(texts('no_reason'))
  if (!(await pauseEndpoint(database, id, `${by}: ${note}`))) throw new ConsoleProblem('not_found')
})
export const resume = commandOf('endpoint_resumed', async (database, { id }) => {
  if ((await resumeEndpoint(database, id)) === null) throw new ConsoleProblem('not_found')
})
export const replay = commandOf('replayed', async (database, { id }, _person, { texts }) => {
  const count = await replayDeliveries(database, { of: 'given_up', endpointId: id })
  if (count === 0) throw new Refused(texts('deliveries.nothing'))
})
