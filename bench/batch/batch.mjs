// Rows per second and peak memory of checking a batch file, storing it and writing its results, beside a bare COPY of the
// same rows; of the copy that a due time of a plan makes, beside a bare INSERT … SELECT; of feeding and draining.
import { fork } from 'node:child_process'
import { createWriteStream } from 'node:fs'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { fileURLToPath } from 'node:url'
import { to as copyTo } from 'pg-copy-streams'
import { endProcess, firstMessage } from '../process.mjs'
import { medians, ratio, runRounds } from '../rounds.mjs'
import { withClient } from '../servers/postgres.mjs'
import { writeFile } from './file.mjs'
import { approve, COLUMNS, makeOriginal, start } from './work.mjs'

const PROGRAM = fileURLToPath(new URL('work-process.mjs', import.meta.url))

const shown = (count) => count.toLocaleString('en-US')

async function runWork(work, place, rows, { postgres }) {
  await postgres.checkpoint()
  const before = postgres.cpuSeconds()
  const child = fork(PROGRAM, [JSON.stringify({ work, place })])
  try {
    const { seconds, peakMiB } = await firstMessage(child)
    const cpu = before === null ? null : postgres.cpuSeconds() - before
    return {
      ...{ seconds, rowsPerSecond: rows / seconds, microsPerRow: (seconds / rows) * 1_000_000 },
      ...{ postgresCpuMicros: cpu === null ? null : (cpu / rows) * 1_000_000, peakMiB },
    }
  } finally {
    await endProcess(child)
  }
}

/** Writes out the rows that were stored, and creates tables that take them. */
function prepareFloor(databaseUrl, copied) {
  return withClient(databaseUrl, async (client) => {
    const source = `COPY (SELECT ${COLUMNS} FROM batch_rows ORDER BY row_number) TO STDOUT`
    await pipeline(client.query(copyTo(source)), createWriteStream(copied))
    await client.query('CREATE TABLE bare_rows (LIKE batch_rows INCLUDING DEFAULTS)')
    await client.query(
      'CREATE TABLE indexed_rows (LIKE batch_rows INCLUDING DEFAULTS INCLUDING INDEXES INCLUDING CONSTRAINTS)',
    )
  })
}

/** A round of everything about one file, in a database of its own. The order matters: copies are of what was created. */
function fileMeasurements(rows, servers, files) {
  let databaseUrl = null
  const measure =
    (work, prepare = async () => {}) =>
    async () => {
      await prepare()
      return runWork(work, { databaseUrl, ...files }, rows, servers)
    }
  const newDatabase = async () => {
    if (databaseUrl !== null) await servers.postgres.dropDatabase(databaseUrl)
    databaseUrl = await servers.postgres.createDatabase({ migrated: true })
  }
  const truncate = () => withClient(databaseUrl, (client) => client.query('TRUNCATE bare_rows, indexed_rows'))
  return {
    check: measure('check', newDatabase),
    create: measure('create'),
    bare: measure('bare', () => prepareFloor(databaseUrl, files.copied)),
    indexed: measure('indexed'),
    results: measure('results'),
    selected: measure('selected', async () => {
      await approve(databaseUrl)
      await makeOriginal(databaseUrl)
      await truncate()
    }),
    selectedIndexed: measure('selectedIndexed'),
    copy: measure('copy', truncate),
  }
}

/** A batch of so many rows that is fed, and one that a worker drains. */
function runningMeasurement(work, rows, servers) {
  const { postgres, redis, gatewayUrl, folder } = servers
  return async () => {
    const databaseUrl = await postgres.createDatabase({ migrated: true })
    await redis?.empty()
    const csv = join(folder, `${work}-${rows}.csv`)
    const place = { databaseUrl, redisUrl: redis?.redisUrl ?? null, gatewayUrl, concurrency: 32, csv }
    try {
      await writeFile(csv, rows, { isExecutable: true })
      await runWork('create', place, rows, servers)
      await approve(databaseUrl)
      await start(databaseUrl)
      return await runWork(work, place, rows, servers)
    } finally {
      await postgres.dropDatabase(databaseUrl)
    }
  }
}

/** A tenth of the rows, to see whether memory grows with them. */
function tenthMeasurement(rows, servers, csv) {
  return async () => {
    const databaseUrl = await servers.postgres.createDatabase({ migrated: true })
    try {
      return await runWork('create', { databaseUrl, csv }, rows, servers)
    } finally {
      await servers.postgres.dropDatabase(databaseUrl)
    }
  }
}

const TITLES = {
  check: 'batch check',
  tenth: 'batch create, a tenth of the rows',
  create: 'batch create',
  bare: 'bare COPY, no index',
  indexed: 'bare COPY, same indexes',
  results: 'batch results',
  selected: 'bare INSERT … SELECT',
  selectedIndexed: 'bare INSERT … SELECT, same indexes',
  copy: "a plan's copy",
}

function rowOf(name, title, rounds, smaller = null) {
  const isCopy = ['selected', 'selectedIndexed', 'copy'].includes(name)
  const ofFile = Object.hasOwn(TITLES, name)
  const [bare, indexed] = isCopy ? ['selected', 'selectedIndexed'] : ['bare', 'indexed']
  return {
    name: title,
    ratios: {
      '÷ bare': ofFile ? ratio(rounds, name, bare, 'rowsPerSecond') : null,
      '÷ same indexes': ofFile ? ratio(rounds, name, indexed, 'rowsPerSecond') : null,
      '÷ fewer rows': smaller === null ? null : ratio(rounds, name, smaller, 'rowsPerSecond'),
    },
    figures: medians(rounds.get(name)),
  }
}

async function measureFiles(servers, { rows, repeat, tell }) {
  const files = Object.fromEntries(
    ['csv', 'copied', 'results', 'tenthCsv'].map((name) => [name, join(servers.folder, `batch-${name}`)]),
  )
  const tenth = Math.ceil(rows / 10)
  await writeFile(files.csv, rows)
  await writeFile(files.tenthCsv, tenth)
  const measurements = {
    tenth: tenthMeasurement(tenth, servers, files.tenthCsv),
    ...fileMeasurements(rows, servers, files),
  }
  return await runRounds(measurements, { repeat, tell })
}

async function measureRunning(servers, { drainSizes, tell }) {
  const named = ['feed', 'drain'].flatMap((work) =>
    drainSizes.map((size) => [`${work} ${size}`, runningMeasurement(work, size, servers)]),
  )
  return await runRounds(Object.fromEntries(named), { repeat: 1, tell })
}

export async function runBatch(servers, options) {
  const { rows, repeat } = options
  const sizes = [...options.drainSizes].sort((a, b) => a - b)
  const files = await measureFiles(servers, options)
  const running = await measureRunning(servers, { ...options, drainSizes: sizes })
  const runningRows = ['feed', 'drain'].flatMap((work) =>
    sizes.map((size) => {
      const title = `${work === 'feed' ? 'feeding' : 'feeding and draining'} ${shown(size)} rows`
      return rowOf(`${work} ${size}`, title, running, `${work} ${sizes[0]}`)
    }),
  )
  const peak = (name) => medians(files.get(name)).peakMiB
  return {
    conditions: `a file of ${shown(rows)} rows, median of ${repeat}; fed and drained once, 32 orders at once, queue in ${servers.redis === null ? 'Postgres' : 'Redis'}`,
    rows: [...Object.keys(TITLES).map((name) => rowOf(name, TITLES[name], files)), ...runningRows],
    targets: [
      {
        what: 'batch create ÷ COPY with the same indexes',
        value: ratio(files, 'create', 'indexed', 'rowsPerSecond'),
        atLeast: 0.6,
      },
      {
        what: 'memory of batch create ÷ that for a tenth of the rows',
        value: peak('create') / peak('tenth'),
        atMost: 1.2,
      },
      ...['feed', 'drain'].map((work) => ({
        what: `${work}: rows/s of ${shown(sizes.at(-1))} rows ÷ ${shown(sizes[0])} rows`,
        value: ratio(running, `${work} ${sizes.at(-1)}`, `${work} ${sizes[0]}`, 'rowsPerSecond'),
        atLeast: 0.9,
      })),
    ],
  }
}
