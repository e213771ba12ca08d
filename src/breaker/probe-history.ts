import { desc, eq } from 'drizzle-orm'
import { limitOf, statement, type } from '../postgres/statement.ts'
import { switchClosings } from '../switches/schema.ts'
import { breakerProbes } from './schema.ts'

/** Probes, also the one under way, those of the newest closing first. */
export const listProbes = statement('list_breaker_probes', { limit: type.integer }, (db, { limit }) =>
  db
    .select({
      scope: switchClosings.scope,
      orderId: breakerProbes.orderId,
      chosenAt: breakerProbes.chosenAt,
      outcome: breakerProbes.outcome,
    })
    .from(breakerProbes)
    .innerJoin(switchClosings, eq(switchClosings.id, breakerProbes.closingId))
    .orderBy(desc(breakerProbes.closingId), desc(breakerProbes.chosenAt))
    .limit(limitOf(limit)),
)
