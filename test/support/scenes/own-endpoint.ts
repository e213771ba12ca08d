import { addEndpoint } from '../../../src/webhooks/endpoints.ts'
import { ENDPOINT_KINDS } from '../../../src/webhooks/enums.ts'
import type { TestWeb } from '../servers/web.ts'

/** An endpoint of a partner, as operators add it. @returns its number */
export async function ownEndpoint(
  { database }: TestWeb,
  partner: string,
  url = 'https://acme.example/goldpro',
): Promise<number> {
  const { id } = await addEndpoint(database, { partner, url, kinds: [...ENDPOINT_KINDS], by: 'ani' })
  return id
}
