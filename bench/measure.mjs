// CPU, memory and quantiles. CPU of servers is read from /proc; where there is none, it is null.
import { readdirSync, readFileSync } from 'node:fs'

/** Linux counts CPU time of processes in hundredths of a second, whatever its kernel was built with. */
const TICKS_PER_SECOND = 100

export function quantile(sorted, q) {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * q))] ?? 0
}

/** The middle value; null when there is none, or one of them is unknown. */
export function median(values) {
  if (values.length === 0 || values.some((value) => value === null || !Number.isFinite(value))) return null
  const sorted = [...values].sort((a, b) => a - b)
  const middle = Math.floor(sorted.length / 2)
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
}

/**
 * CPU seconds of a process and its children, of which those that have exited are counted by the process itself. The sum
 * of PostgreSQL's postmaster is that of the whole server.
 */
export function cpuSecondsWithChildren(pid) {
  for (;;) {
    const own = readStat(pid)
    if (own === null) return null
    const children = readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name))
      .map(readStat)
      .filter((stat) => stat !== null && stat.parent === pid)
    // A child that exits while the others are read could be counted twice or not at all.
    if (readStat(pid)?.ofExited !== own.ofExited) continue
    return [own, ...children].reduce((sum, { ticks }) => sum + ticks, 0) / TICKS_PER_SECOND
  }
}

/** Null when the process has gone, or the system has no /proc. */
function readStat(pid) {
  let text
  try {
    text = readFileSync(`/proc/${pid}/stat`, 'utf8')
  } catch {
    return null
  }
  return parseStat(text)
}

/** Reads a line of /proc/PID/stat. The program's name stands in parentheses, and may itself have spaces and parentheses. */
export function parseStat(text) {
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
  const [utime, stime, cutime, cstime] = fields.slice(11, 15).map(Number)
  return { parent: Number(fields[1]), ticks: utime + stime + cutime + cstime, ofExited: cutime + cstime }
}

/** Peak resident memory of this process. The maxRSS of a forked process includes its parent's, so it comes second. */
export function peakMiB() {
  try {
    const [, kibibytes] = /^VmHWM:\s+(\d+)/m.exec(readFileSync('/proc/self/status', 'utf8'))
    return Number(kibibytes) / 1_024
  } catch {
    return process.resourceUsage().maxRSS / 1_024
  }
}

/** Seconds that some work takes, and its result. */
export async function timed(work) {
  const startedAt = performance.now()
  const result = await work()
  return { seconds: (performance.now() - startedAt) / 1_000, result }
}
