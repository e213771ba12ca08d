import { afterAll, expect, it } from 'vitest'
import { nextRelease } from '../../support/scenes/next-release.ts'
import { MAIN } from '../../support/servers/command.ts'
import { createEmptyDatabase } from '../../support/servers/postgres.ts'
import { startOwnRedis } from '../../support/servers/redis.ts'
import { rollOut } from './roll-out.ts'

/** Written by main.mjs. `isSameSchema`: the release before has the same migrations as this one. */
const { oldMain, isSameSchema, orders, seed, backends } = JSON.parse(process.env.ROLLING ?? '{}') as {
  oldMain: string
  isSameSchema: boolean
  orders: number
  seed: number
  backends: ('postgres' | 'redis')[]
}

const ends: (() => Promise<unknown>)[] = []
afterAll(async () => {
  for (const end of ends.reverse()) await end()
})

it.each(backends)(
  'a rolling deploy under load, the queue in %s: nothing is lost or done twice',
  async (backend) => {
    const place = await createEmptyDatabase()
    ends.push(place.drop)
    const redis = backend === 'redis' ? await startOwnRedis() : null
    if (redis !== null) ends.push(redis.stop)
    const { databaseUrl } = place
    const newMain = isSameSchema ? nextRelease(ends) : MAIN
    const { problems, states, confirms } = await rollOut({
      ...{ databaseUrl, redisUrl: redis?.url ?? null, oldMain, newMain, orders, seed },
    })
    console.log(`${backend}: orders ${JSON.stringify(states)}, confirms ${JSON.stringify(confirms)}`)
    expect(problems).toEqual([])
  },
)
