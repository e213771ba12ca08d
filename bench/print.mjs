// The report as a table: ratios first, then figures.

/** Figures that rows may have: heading and decimals. Rows have any of them. */
export const FIGURES = {
  seconds: ['seconds', 1],
  perSecond: ['orders/s', 0],
  rowsPerSecond: ['rows/s', 0],
  linesPerSecond: ['lines/s', 0],
  importSeconds: ['import s', 1],
  runSeconds: ['run s', 1],
  microsPerRow: ['µs/row', 0],
  allCpuMicros: ['all CPU µs', 0],
  workerCpuMicros: ['CPU µs', 0],
  postgresCpuMicros: ['PG CPU µs', 0],
  redisCpuMicros: ['Redis CPU µs', 0],
  firstMs: ['ms', 1],
  firstCpuMs: ['CPU ms', 1],
  deepMs: ['deep ms', 1],
  deepCpuMs: ['deep CPU ms', 1],
  pageMs: ['page ms', 1],
  deepPageMs: ['deep page ms', 1],
  p50Ms: ['p50 ms', 1],
  p99Ms: ['p99 ms', 1],
  peakMiB: ['peak MiB', 0],
  closedMs: ['closed ms', 0],
  lastReplyMs: ['last reply ms', 0],
  confirmsOut: ['confirms out', 0],
  intentsAfter: ['intents after', 0],
}

const cell = (value, decimals) => (value === null || value === undefined ? '–' : value.toFixed(decimals))

/** Text in columns: the first is aligned to the left, the others to the right. */
export function table(heading, rows) {
  const lines = [heading, ...rows]
  const widths = heading.map((_, column) => Math.max(...lines.map((line) => line[column].length)))
  return lines.map((line) =>
    line
      .map((text, column) => (column === 0 ? text.padEnd(widths[0]) : text.padStart(widths[column])))
      .join('  ')
      .trimEnd(),
  )
}

function rowsOf({ rows }) {
  const ratios = [...new Set(rows.flatMap((row) => Object.keys(row.ratios)))]
  const figures = Object.keys(FIGURES).filter((key) => rows.some((row) => row.figures[key] !== undefined))
  return table(
    ['', ...ratios, ...figures.map((key) => FIGURES[key][0])],
    rows.map((row) => [
      row.name,
      ...ratios.map((key) => cell(row.ratios[key], 2)),
      ...figures.map((key) => cell(row.figures[key], FIGURES[key][1])),
    ]),
  )
}

function targetRow({ what, value, atLeast, atMost }) {
  const target = atLeast === undefined ? (atMost === undefined ? '' : `≤ ${atMost}`) : `≥ ${atLeast}`
  const isMet =
    value === null || target === '' ? '' : atMost === undefined ? value >= atLeast : value <= atMost
  return [what, cell(value, 2), target, isMet === '' ? '' : isMet ? 'met' : 'missed']
}

const indented = (lines) => lines.map((line) => `  ${line}`.trimEnd())

function benchmarkLines(benchmark) {
  const { name, title, failure } = benchmark
  if (failure !== undefined) return ['', `${name}: failed`, `  ${failure}`]
  const { conditions, targets = [], notes = [] } = benchmark
  return [
    ...['', `${name}: ${title}`, `  ${conditions}`, ''],
    ...indented(rowsOf(benchmark)),
    ...(targets.length === 0
      ? []
      : ['', ...indented(table(['target', 'here', '', ''], targets.map(targetRow)))]),
    ...(notes.length === 0 ? [] : ['', ...indented(notes)]),
  ]
}

function machineLines(machine) {
  const { cores, cpu, memoryGiB, loadBefore, system, node, postgres, redis, commit } = machine
  return [
    `${cores} cores (${cpu ?? 'unknown'}), ${memoryGiB} GiB, ${system}, load ${loadBefore} before the run`,
    `Node ${node}, PostgreSQL ${postgres} without fsync, Redis ${redis ?? '–'}, commit ${commit ?? 'unknown'}`,
    'Read the ratios: they are of one run. CPU is per order, in µs of one core. – is not measured here.',
  ]
}

export function formatReport({ machine, benchmarks }) {
  return [...machineLines(machine), ...benchmarks.flatMap(benchmarkLines)].join('\n')
}
