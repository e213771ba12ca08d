/** The clocks of this process, for `GatewayDeps` and `OrderDeps`. Tests pass others. */
export const CLOCKS = {
  /** Milliseconds of a monotonic clock, for durations. */
  monotonicMs: (): number => performance.now(),
  /** Milliseconds since the epoch, by a clock that may be changed. */
  wallMs: (): number => Date.now(),
}
