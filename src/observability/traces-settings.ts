/** The receiver of a process's traces, and the process's name in them. */
export interface TracesSettings {
  /** The receiver's base address, without `/v1/traces`; null: no traces. */
  readonly endpoint: string | null
  /** The name of this process in traces. */
  readonly service: string
  readonly version: string
  /** Called with errors of the receiver. */
  onError(message: string): void
}
