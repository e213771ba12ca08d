export interface KilledBatch {
  readonly kills: number
  readonly freezes: number
  readonly seconds: number
  readonly outcomes: Readonly<Record<string, number>>
  /** Transactions that the sandbox executed. */
  readonly executed: number
  readonly problems: readonly string[]
}

export function killBatch(options: {
  databaseUrl: string
  redisUrl: string | null
  rows: number
  seed: number
  ratePerSecond: number
}): Promise<KilledBatch>
