// Who takes the same orders in the same run. A contestant has:
//   title
//   needs       what it cannot do without: 'redis'
//   isMigrated  whether its database has the product's tables
//   isNoop      its jobs do nothing, so they have no latency
//   repeats     how many jobs stand for one order, where a job is so cheap that fewer could not be measured
//   load        its code, loaded only where it runs: nobody's memory has the libraries of another. It has
//     prepare   creates its tables
//     enqueue   lays the jobs of a range of orders ready
//     open      in its own process: returns run(tally, range), which starts working and returns how to rest

const bare = (client, title) => ({
  title,
  load: async () => (await import('./bare.mjs')).bare(client),
})

const graphile = (settings, title) => ({
  title,
  load: async () => (await import('./graphile.mjs')).graphile(settings),
})

const goldpro = async () => (await import('./goldpro.mjs')).goldpro

const noop = async () => (await import('./bullmq-noop.mjs')).noop

export const CONTESTANTS = {
  undici: bare('undici', 'bare undici + pg, three writes'),
  axios: bare('axios', 'bare axios + pg, three writes'),
  fresh: bare('fresh', 'bare undici + pg, fresh confirms'),
  'goldpro-postgres': { title: 'goldpro, queue in Postgres', isMigrated: true, load: goldpro },
  'goldpro-redis': { title: 'goldpro, queue in Redis', needs: 'redis', isMigrated: true, load: goldpro },
  graphile: graphile({}, 'graphile-worker, as installed'),
  'graphile-batched': graphile(
    { localQueue: { size: 100 }, completeJobBatchDelay: 0, failJobBatchDelay: 0 },
    'graphile-worker, local queue',
  ),
  'bullmq-naive': {
    title: 'BullMQ on Redis, naive',
    needs: 'redis',
    load: async () => (await import('./naive-bullmq.mjs')).naiveBullmq,
  },
  'noop-postgres': { title: 'BullMQ on Postgres, no-op jobs', isMigrated: true, isNoop: true, load: noop },
  'noop-redis': {
    title: 'BullMQ on Redis, no-op jobs',
    needs: 'redis',
    isMigrated: true,
    isNoop: true,
    repeats: 4,
    load: noop,
  },
}
