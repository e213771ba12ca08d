import { type RunningCommand, startCommand } from '../../support/servers/command.ts'
import { freePort } from '../../support/servers/http-server.ts'

/** The processes of one release. */
export interface Generation {
  readonly url: string
  readonly worker: RunningCommand
  /** SIGTERM to all. @returns what went wrong */
  stop(): Promise<string[]>
}

/** Starts the web and the worker of a release, each with a port of its own where it needs one. */
export async function startGeneration(
  main: string,
  given: { readonly databaseUrl: string; readonly redisUrl: string | null },
  gatewayUrl: string,
): Promise<Generation> {
  const { databaseUrl, redisUrl } = given
  const [http, metrics] = await Promise.all([freePort(), freePort()])
  const env = {
    ...{ DATABASE_URL: databaseUrl, GATEWAY_URL: gatewayUrl, WALLET_POLICY: 'open', BREAKER: 'false' },
    ...(redisUrl === null ? {} : { REDIS_URL: redisUrl }),
    ...{ GATEWAY_TIMEOUT_MS: '10000', HTTP_PORT: http, HTTP_METRICS_PORT: metrics },
  }
  const worker = startCommand(['worker'], { main, env })
  await worker.printed('worker started')
  const web = startCommand(['web'], { main, env })
  await web.printed('web started')
  return {
    url: `http://127.0.0.1:${http}`,
    worker,
    async stop() {
      const ends = await Promise.all(
        Object.entries({ web, worker }).map(async ([name, process]) => {
          process.child.kill('SIGTERM')
          const { code } = await process.ended
          return code === 0 ? [] : [`${name} ended with ${code} at SIGTERM`]
        }),
      )
      return ends.flat()
    },
  }
}
