import { join } from 'node:path'
import {
  LOCAL_FOLDER,
  orUnreachable,
  requireDatabaseUrl,
  requireGateway,
  requireServer,
} from '../cli/context.ts'
import { type GatewaySettings, parseSettings, type Settings } from '../config.ts'
import { type LocalPostgres, startLocalPostgres } from '../dev/embedded-postgres/postgres.ts'
import { type KeptSandbox, startKeptSandbox } from '../dev/sandbox/cli/kept-sandbox.ts'
import { declareIdentity } from '../operators/identity.ts'
import { migrateDatabase } from '../postgres/migrate.ts'
import { withSession } from '../postgres/session.ts'
import { migrateQueue } from '../queue/probe.ts'

/** What must be stopped when `up` ends: the last one first. */
export type Stops = (() => Promise<unknown>)[]

/** The servers that `up` works with: its own, or those of the settings. */
export interface UpServers {
  readonly databaseUrl: string
  readonly gateway: GatewaySettings
  /** Null: the gateway is that of GATEWAY_URL. */
  readonly sandbox: KeptSandbox | null
}

/** Starts what the settings name no server for: PostgreSQL and the sandbox. The database is migrated. */
export async function openUpServers(settings: Settings, stops: Stops): Promise<UpServers> {
  const local = settings.databaseUrl === null ? await startKeptPostgres(stops) : null
  const databaseUrl = local?.databaseUrl ?? requireDatabaseUrl(settings)
  await requireServer(databaseUrl)
  await orUnreachable('Postgres', 'DATABASE_URL', databaseUrl, () => migrateDatabase(databaseUrl))
  await migrateQueue(databaseUrl)
  if (local !== null) await withSession(databaseUrl, declareIdentity)
  const sandbox =
    settings.gateway === null
      ? await startKeptSandbox(local?.folder ?? LOCAL_FOLDER, databaseUrl, stops)
      : null
  const gateway = sandbox === null ? settings.gateway : gatewayAt(sandbox.url)
  if (gateway === null) throw new Error('GATEWAY_URL has no gateway settings')
  await requireGateway(gateway.baseUrl)
  return { databaseUrl, gateway, sandbox }
}

function gatewayAt(gatewayUrl: string): GatewaySettings | null {
  return parseSettings({ ...process.env, GATEWAY_URL: gatewayUrl }).gateway
}

async function startKeptPostgres(stops: Stops): Promise<LocalPostgres> {
  console.error('starting PostgreSQL …')
  const postgres = await startLocalPostgres({
    dataDir: join(LOCAL_FOLDER, 'postgres'),
    keepData: true,
    log: (line) => console.error(line),
  })
  stops.push(postgres.stop)
  return postgres
}
