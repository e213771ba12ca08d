import { Gauge, type Registry } from 'prom-client'

/** What metrics show of the money at risk. It contains no partner, wallet or reference. */
export interface RiskFigures {
  readonly risks: readonly {
    readonly what: string
    readonly count: number
    readonly overdue: number
    readonly rupiah: number
    readonly grams: number
    readonly oldestSeconds: number
  }[]
  readonly overdueStatements: number
  readonly pausedEndpoints: number
  readonly batches: readonly { readonly state: string; readonly count: number }[]
  readonly processes: readonly { readonly kind: string; readonly silent: boolean }[]
}

/** Creates the gauges of what is at risk. @returns sets them all */
export function riskGauges(registry: Registry, everyRisk: readonly string[]): (figures: RiskFigures) => void {
  const registers = [registry]
  const gauge = (name: string, help: string, labelNames: string[] = []) =>
    new Gauge({ name, help, labelNames, registers })
  const byWhat = {
    count: gauge('goldpro_at_risk', 'Things that put money at risk', ['what']),
    overdue: gauge('goldpro_at_risk_overdue', 'Those of them that are overdue', ['what']),
    rupiah: gauge('goldpro_rupiah_at_risk', 'Their rupiah', ['what']),
    grams: gauge('goldpro_grams_at_risk', 'Their grams, where no rupiah are known', ['what']),
    oldestSeconds: gauge('goldpro_oldest_at_risk_seconds', 'Age of the oldest', ['what']),
  }
  const statements = gauge('goldpro_statements_overdue', 'Days whose statement is overdue')
  const endpoints = gauge('goldpro_endpoints_paused', 'Endpoints that get no webhooks until they are resumed')
  const batches = gauge('goldpro_batches_under_way', 'Batches that have not ended', ['state'])
  const processes = gauge('goldpro_processes', 'Processes that run, and those that are silent', [
    'kind',
    'state',
  ])
  return (figures) => {
    const none = { count: 0, overdue: 0, rupiah: 0, grams: 0, oldestSeconds: 0 }
    for (const what of everyRisk) {
      const sums = figures.risks.find((each) => each.what === what) ?? none
      for (const [name, each] of Object.entries(byWhat)) each.set({ what }, sums[name as keyof typeof byWhat])
    }
    statements.set(figures.overdueStatements)
    endpoints.set(figures.pausedEndpoints)
    batches.reset()
    for (const { state, count } of figures.batches) batches.inc({ state }, count)
    processes.reset()
    for (const { kind, silent } of figures.processes)
      processes.inc({ kind, state: silent ? 'silent' : 'alive' })
  }
}
