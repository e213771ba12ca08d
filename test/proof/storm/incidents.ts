/** Everything that the storm did, in order, with its times: what explains a doubt, and what is counted. */
export const INCIDENTS = {
  kill: 'workers killed',
  freeze: 'workers frozen',
  restart_postgres_fast: 'Postgres restarted (fast)',
  restart_postgres_immediate: 'Postgres restarted (immediate)',
  terminate_sessions: 'Postgres sessions terminated',
  cut_postgres: 'connections to Postgres reset',
  cut_gateway: 'connections to the gateway reset',
  restart_redis: 'Redis restarted',
  flush_redis: 'Redis flushed',
  cut_redis: 'connections to Redis reset',
  weather: "changes of the gateway's faults",
} as const
export type IncidentName = keyof typeof INCIDENTS
export const INCIDENT_NAMES = Object.keys(INCIDENTS) as IncidentName[]

export interface Incident {
  readonly is: IncidentName
  readonly from: number
  /** Equal to `from` for what takes no time; `Infinity` while it lasts. */
  readonly to: number
  /** The worker that was killed or frozen, by its name. */
  readonly worker: string | null
  /** Sessions or connections that it ended. */
  readonly count: number
}

export interface Incidents {
  /** Notes something that takes no time. */
  note(is: IncidentName, worker?: string | null, count?: number): void
  /** Notes something that lasts until what is returned is called. */
  begin(is: IncidentName, worker?: string | null): () => void
  all(): readonly Incident[]
}

export function createIncidents(): Incidents {
  const incidents: Incident[] = []
  return {
    note(is, worker = null, count = 1) {
      const now = Date.now()
      incidents.push({ is, from: now, to: now, worker, count })
    },
    begin(is, worker = null) {
      const incident = { is, from: Date.now(), to: Number.POSITIVE_INFINITY, worker, count: 1 }
      incidents.push(incident)
      return () => {
        incident.to = Date.now()
      }
    },
    all: () => incidents,
  }
}
