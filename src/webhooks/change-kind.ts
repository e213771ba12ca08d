import { z } from 'zod'
import type { ChangeKind } from '../approvals/change-kind.ts'
import { refused } from '../operators/person-commands.ts'
import { shownUrl } from './endpoint-url.ts'
import { addEndpoint, listEndpoints } from './endpoints.ts'
import { redirectEndpoint } from './own-endpoints.ts'

/** An endpoint that shall receive a partner's events. */
export interface NewEndpointRequest {
  readonly partner: string
  readonly url: string
  readonly kinds: readonly string[]
  /** The endpoint whose URL and kinds these shall be; without it, it is a new one. */
  readonly endpointId?: number | undefined
}

/** Two people decide where a partner's events go. The secret is printed by `goldpro webhook rotate-secret` afterwards. */
export const CHANGE_ENDPOINT: ChangeKind<NewEndpointRequest> = {
  name: 'change_endpoint',
  payload: z.strictObject({
    partner: z.string(),
    url: z.string(),
    kinds: z.array(z.string()).min(1),
    endpointId: z.int().optional(),
  }),
  subjectOf: ({ partner, url }) => `${partner} ${url}`,
  describe: ({ partner, url, kinds, endpointId }) =>
    `events of ${partner} (${kinds.join(', ')}) are sent to ${shownUrl(url)}${
      endpointId === undefined ? '' : ` instead of where endpoint ${endpointId} sends them`
    }`,
  async readCurrent(runner, { partner }) {
    const endpoints = await listEndpoints(runner, { partner, removedToo: false })
    return { endpoints: endpoints.map(({ id, url }) => `${id} ${shownUrl(url)}`) }
  },
  async apply(runner, { partner, url, kinds, endpointId }, { requestId, approvedBy }) {
    if (endpointId !== undefined) {
      const isChanged = await redirectEndpoint(runner, { id: endpointId, partner, url, kinds, requestId })
      return isChanged ? { is: 'done' } : refused(`${partner} has no endpoint ${endpointId} any more`)
    }
    await addEndpoint(runner, { partner, url, kinds, by: approvedBy, requestId })
    return { is: 'done' }
  },
}
