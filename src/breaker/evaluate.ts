import type { Log } from '../core/log.ts'
import type { StatementRunner, Transactor } from '../postgres/pool.ts'
import { insertClosing } from '../switches/store.ts'
import { breachOf } from './decide.ts'
import { type Figures, figuresByScope } from './figures.ts'
import { type BreakerRules, pauseMs } from './rules.ts'
import {
  BREAKER,
  insertTrip,
  readClosedScopes,
  readFigures,
  readLastPauses,
  TURN,
  takeTurn,
} from './store.ts'

/**
 * Looks at the confirms of the window, and closes the switch of each kind and partner that breaks a threshold. One process
 * at a time does it. The closing itself is the same statement as a person's: whoever comes first has closed it.
 * @returns the scopes that it closed; null when another process is looking: what it sees may be older
 */
export async function evaluateBreaker(
  database: Transactor,
  rules: BreakerRules,
  log: Log,
): Promise<string[] | null> {
  return await database.transaction(async (runner) => {
    const [turn] = await takeTurn(runner, { turn: TURN.look })
    if (turn?.isMine !== true) return null
    const { windowSeconds, slowMs } = rules
    const figures = figuresByScope(await readFigures(runner, { windowSeconds, slowMs }))
    const isClosed = new Set((await readClosedScopes(runner, {})).map(({ scope }) => scope))
    const closed: string[] = []
    for (const [scope, ofScope] of figures)
      if (!isClosed.has(scope) && (await trip(runner, scope, ofScope, rules, log))) closed.push(scope)
    return closed
  })
}

async function trip(
  runner: StatementRunner,
  scope: string,
  figures: Figures,
  rules: BreakerRules,
  log: Log,
): Promise<boolean> {
  const breach = breachOf(figures, rules)
  if (breach === null) return false
  const { reason } = breach
  const [closing] = await insertClosing(runner, {
    scope,
    reason,
    closedBy: BREAKER,
    extendsDeadlines: false,
  })
  if (closing === undefined) return false
  const [last] = await readLastPauses(runner, { scope })
  // A switch that was opened just now and breaks again pauses for longer.
  const pauses = last?.pauses == null ? 0 : last.pauses + 1
  const { closingId } = closing
  const { probeRupiah, probeGrams } = rules
  await insertTrip(runner, {
    ...{ closingId, breach: breach.of, figures: asJson(figures), probeRupiah, probeGrams },
    ...{ pauses, pauseMs: pauseMs(rules, pauses) },
  })
  log.error({ scope, reason }, 'breaker: switch closed, no further confirm of its orders leaves')
  return true
}

const asJson = (figures: Figures) => ({
  ...figures,
  rupiah: String(figures.rupiah),
  rupiahInDoubt: String(figures.rupiahInDoubt),
})
