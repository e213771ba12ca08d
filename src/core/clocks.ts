/** The process' own clocks, as `GatewayDeps` and `OrderDeps` take them. Tests pass others. */
export const CLOCKS = {
  /** Milliseconds of a clock that is never set: for durations. It says nothing about the time of day. */
  monotonicMs: (): number => performance.now(),
  /** Milliseconds since the epoch, by a clock that somebody may set. */
  wallMs: (): number => Date.now(),
}
