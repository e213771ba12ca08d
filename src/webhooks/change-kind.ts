import { z } from 'zod'
import type { ChangeKind } from '../approvals/change-kind.ts'
import { shownUrl } from './endpoint-url.ts'
import { addEndpoint, listEndpoints } from './endpoints.ts'

/** An endpoint that shall receive a partner's events. */
export interface NewEndpointRequest {
  readonly partner: string
  readonly url: string
  readonly kinds: readonly string[]
}

/** Two people decide where a partner's events go. The secret is printed by `goldpro webhook rotate-secret` afterwards. */
export const CHANGE_ENDPOINT: ChangeKind<NewEndpointRequest> = {
  name: 'change_endpoint',
  payload: z.strictObject({ partner: z.string(), url: z.string(), kinds: z.array(z.string()).min(1) }),
  subjectOf: ({ partner, url }) => `${partner} ${url}`,
  describe: ({ partner, url, kinds }) =>
    `events of ${partner} (${kinds.join(', ')}) are sent to ${shownUrl(url)}`,
  async readCurrent(runner, { partner }) {
    const endpoints = await listEndpoints(runner, { partner, removedToo: false })
    return { endpoints: endpoints.map(({ id, url }) => `${id} ${shownUrl(url)}`) }
  },
  async apply(runner, { partner, url, kinds }, { requestId, approvedBy }) {
    await addEndpoint(runner, { partner, url, kinds, by: approvedBy, requestId })
    return { is: 'done' }
  },
}
