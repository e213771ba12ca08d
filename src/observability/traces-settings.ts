/** Where the traces of a process go, and what they are called. */
export interface TracesSettings {
  /** The receiver's base address, without `/v1/traces`; null: no traces. */
  readonly endpoint: string | null
  /** What this process is called in traces. */
  readonly service: string
  readonly version: string
  /** Told of trouble with the receiver. */
  onTrouble(message: string): void
}
