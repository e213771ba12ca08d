import { z } from 'zod'
import type { ChangeKind } from '../approvals/change-kind.ts'
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
    `events of ${partner} (${kinds.join(', ')}) are sent to ${withoutQuery(url)}`,
  async readCurrent(runner, { partner }) {
    const endpoints = await listEndpoints(runner, { partner, removedToo: false })
    return { endpoints: endpoints.map(({ id, url }) => `${id} ${withoutQuery(url)}`) }
  },
  async apply(runner, { partner, url, kinds }, { requestId, approvedBy }) {
    await addEndpoint(runner, { partner, url, kinds, by: approvedBy, requestId })
    return { is: 'done' }
  },
}

/** A query may be a password. */
function withoutQuery(url: string): string {
  const { origin, pathname, search } = new URL(url)
  return origin + pathname + (search === '' ? '' : '?…')
}
