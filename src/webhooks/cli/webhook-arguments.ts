import { Failure } from '../../cli/failure.ts'
import { parsedBy } from '../../cli/options.ts'

/** An endpoint's number, as `list` shows it. */
export const endpointId = parsedBy(
  (text) => (/^[1-9]\d{0,8}$/.test(text) ? Number(text) : null),
  'an endpoint’s number, as `goldpro webhook list` shows it',
)

/** Fails when no endpoint has the number. */
export function requireEndpoint<T>(id: number, found: T | null): T {
  if (found !== null) return found
  throw new Failure(1, `there is no endpoint ${id}: name one that \`goldpro webhook list\` shows`)
}

/** A partner's short name, as orders carry it. */
export const partnerName = parsedBy(
  (text) => (/^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/.test(text) ? text : null),
  'a partner’s short name, as its orders carry it',
)
