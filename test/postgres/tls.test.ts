import { X509Certificate } from 'node:crypto'
import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { PeerCertificate } from 'node:tls'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { orUnreachable } from '../../src/cli/context.ts'
import { type LocalPostgres, startLocalPostgres } from '../../src/dev/embedded-postgres/postgres.ts'
import { openDatabase } from '../../src/postgres/pool.ts'
import { eventually } from '../support/eventually.ts'
import { memoryOrDisk } from '../support/memory.ts'
import { makeAuthority } from '../support/servers/certificates.ts'

const TRUSTED = makeAuthority('the authority of the database')
const STRANGER = makeAuthority('another authority')
const folder = mkdtempSync(join(tmpdir(), 'goldpro-tls-'))
const caFile = (name: string, pem: string) => {
  writeFileSync(join(folder, name), pem)
  return join(folder, name)
}
const TRUSTED_FILE = caFile('trusted.pem', TRUSTED.pem)
const STRANGER_FILE = caFile('stranger.pem', STRANGER.pem)

let server: LocalPostgres

beforeAll(async () => {
  const dataDir = join(mkdtempSync(join(memoryOrDisk(), 'goldpro-tls-')), 'data')
  server = await startLocalPostgres({ dataDir, keepData: false })
}, 60_000)
afterAll(() => server?.stop())

/** Lets the running server show another certificate: new connections meet it. */
async function serve(hosts: readonly string[]) {
  const { certificate, key } = TRUSTED.issue(hosts)
  const client = new pg.Client(server.databaseUrl)
  await client.connect()
  // The server writes its own files, because it reads a key only where it owns it and nobody else may read it.
  for (const [file, pem] of Object.entries({ 'server.crt': certificate, 'server.key': key })) {
    const lines = pem
      .trim()
      .split('\n')
      .map((line) => `('${line}')`)
    await client.query(`COPY (VALUES ${lines.join(',')}) TO PROGRAM 'umask 077; cat > ${file}'`)
  }
  await client.query('ALTER SYSTEM SET ssl = on')
  await client.query('SELECT pg_reload_conf()')
  await client.end()
  const { fingerprint256 } = new X509Certificate(certificate)
  await eventually(async () => ((await shownFingerprint()) === fingerprint256 ? true : null))
}

/** The fingerprint of the certificate that a new connection meets, or null where it meets none. */
async function shownFingerprint(): Promise<string | null> {
  let shown: string | null = null
  const checkServerIdentity = (_host: string, { fingerprint256 }: PeerCertificate) => {
    shown = fingerprint256
    return undefined
  }
  const fresh = new pg.Client({
    connectionString: server.databaseUrl,
    ssl: { ca: TRUSTED.pem, checkServerIdentity },
  })
  // The server takes up its new settings a moment after it was told to.
  await fresh.connect().then(
    () => fresh.end(),
    () => {},
  )
  return shown
}

/** Whether a session is encrypted, by the server's word; or the line that a person reads. */
async function connect(query: string, host = '127.0.0.1') {
  const url = new URL(server.databaseUrl)
  url.hostname = host
  url.search = query
  const database = openDatabase({ databaseUrl: url.href, maxConnections: 1, onError: () => {} })
  const text = 'SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()'
  try {
    const rows = await orUnreachable('Postgres', 'DATABASE_URL', url.href, () =>
      database.run<{ ssl: boolean }>({ name: 'encrypted', text }, []),
    )
    return rows[0]?.ssl
  } catch (error) {
    const { message, exitCode } = error as Error & { exitCode?: number }
    expect(message).not.toContain(url.password)
    return `${exitCode}: ${message}`
  } finally {
    await database.close()
  }
}

it('a server without TLS is refused where the URL asks for it', async () => {
  expect(await connect(`sslmode=verify-full&sslrootcert=${TRUSTED_FILE}`)).toMatch(
    /^2: Postgres offers no TLS: turn it on at the server/,
  )
})

describe('a server whose certificate names its host', () => {
  beforeAll(() => serve(['127.0.0.1']))

  it.each(['require', 'verify-ca', 'verify-full'])(
    'is connected to, encrypted, with its authority and sslmode=%s',
    async (mode) => expect(await connect(`sslmode=${mode}&sslrootcert=${TRUSTED_FILE}`)).toBe(true),
  )

  it.each(['require', 'verify-ca', 'verify-full'])(
    'is refused with another authority and sslmode=%s',
    async (mode) => {
      expect(await connect(`sslmode=${mode}&sslrootcert=${STRANGER_FILE}`)).toMatch(
        /^2: the issuer .* is not trusted here: add sslrootcert=FILE/,
      )
    },
  )

  it('is refused without an authority', async () => {
    expect(await connect('sslmode=verify-full')).toMatch(/^2: the issuer .* is not trusted here/)
  })
})

describe('a server whose certificate names another host', () => {
  beforeAll(() => serve(['db.example']))

  it.each(['require', 'verify-full'])('is refused with sslmode=%s', async (mode) => {
    expect(await connect(`sslmode=${mode}&sslrootcert=${TRUSTED_FILE}`)).toMatch(
      /^2: the certificate of Postgres names another host/,
    )
  })

  it('is connected to, encrypted, with sslmode=verify-ca', async () => {
    expect(await connect(`sslmode=verify-ca&sslrootcert=${TRUSTED_FILE}`)).toBe(true)
  })
})
