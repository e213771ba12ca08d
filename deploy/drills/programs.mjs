// Runs programs for the drills: goldpro, and PostgreSQL's own. No secret is in an argument, where other users could read it.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { DrillFailed } from './drill.mjs'

/** How long a process may take to end after SIGTERM: more than the longest grace period in `deploy/`. */
const END_WITHIN_MS = 90_000

const PASSED_ON = ['PATH', 'HOME', 'TMPDIR', 'LANG', 'XDG_CONFIG_HOME', 'NODE_EXTRA_CA_CERTS']

/** An environment with nothing of this process's but what programs need to run. */
const environment = (own) => ({
  ...Object.fromEntries(
    PASSED_ON.flatMap((name) => (name in process.env ? [[name, process.env[name]]] : [])),
  ),
  ...own,
})

/** Runs a program to its end. @returns what it printed @throws DrillFailed where it fails */
export async function run(command, args, { env = {}, input = '', mayFail = false, cwd } = {}) {
  const { child, printed } = start(command, args, env, cwd)
  child.stdin.on('error', () => {})
  child.stdin.end(input)
  const [code] = await once(child, 'close')
  const { out, err } = printed()
  if (code !== 0 && !mayFail) throw new DrillFailed(`${command} ${args[0]} ended with ${code}: ${err || out}`)
  return { code, out, err }
}

function start(command, args, env, cwd) {
  const child = spawn(command, args, { env: environment(env), cwd })
  let out = ''
  let err = ''
  child.stdout.on('data', (chunk) => {
    out += chunk
  })
  child.stderr.on('data', (chunk) => {
    err += chunk
  })
  child.on('error', (error) => {
    err += `${error.message}\n`
  })
  return { child, printed: () => ({ out, err }) }
}

/** goldpro as it is started by a command line, such as `node dist/main.js`. */
export function goldproBy(commandLine, stage) {
  const [command, ...first] = commandLine.split(' ')
  return {
    /** Runs a command to its end. @returns its standard output */
    async run(args, env, options = {}) {
      const ended = await run(command, [...first, ...args], { env, ...options })
      return options.mayFail ? ended : ended.out
    },
    /** Starts a process that runs until it is stopped. @returns once it has printed that text */
    async start(args, env, text) {
      const { child, printed } = start(command, [...first, ...args], env)
      child.stdin.end()
      const closed = once(child, 'close')
      const isRunning = () => child.exitCode === null && child.signalCode === null
      const running = {
        /** Asks it to end, and fails unless it ends in order. */
        async stop() {
          if (child.exitCode === 0) return
          if (isRunning()) child.kill('SIGTERM')
          const late = setTimeout(() => child.kill('SIGKILL'), END_WITHIN_MS)
          const [code] = await closed
          clearTimeout(late)
          if (code !== 0) throw new DrillFailed(`goldpro ${args[0]} ended with ${code}: ${printed().err}`)
        },
        printed: () => `${printed().out}${printed().err}`,
      }
      stage.atTheEnd(() => running.stop())
      await stage.until(`goldpro ${args[0]} says "${text}"`, async () => {
        if (!isRunning()) throw new DrillFailed(`goldpro ${args[0]} did not start: ${running.printed()}`)
        return running.printed().includes(text)
      })
      return running
    },
  }
}

/** A gateway that moves nothing real, and tells what reached it. */
export async function startSandbox(goldpro, stage) {
  const running = await goldpro.start(['sandbox', '--port', '0'], {}, 'http://127.0.0.1:')
  const [url] = /http:\/\/127\.0\.0\.1:\d+/.exec(running.printed())
  const read = async (path) => await (await fetch(`${url}/sandbox/${path}`)).json()
  stage.say(`a sandbox gateway stands in for the real one: ${url}`)
  return { url, confirms: () => read('confirms'), ledger: () => read('ledger') }
}

/** The URL of another database of the same server. */
export function databaseOf(serverUrl, name) {
  const url = new URL(serverUrl)
  url.pathname = name
  return url.href
}

/** How PostgreSQL's programs are told where to connect: not by arguments. */
export function postgresEnv(databaseUrl) {
  const url = new URL(databaseUrl)
  const { sslmode, sslrootcert } = Object.fromEntries(url.searchParams)
  return {
    PGHOST: url.hostname.replace(/^\[|\]$/g, ''),
    PGPORT: url.port || '5432',
    PGUSER: decodeURIComponent(url.username),
    PGPASSWORD: decodeURIComponent(url.password),
    PGDATABASE: decodeURIComponent(url.pathname.slice(1)),
    ...(sslmode === undefined ? {} : { PGSSLMODE: sslmode }),
    ...(sslrootcert === undefined ? {} : { PGSSLROOTCERT: sslrootcert }),
  }
}

/** Asks Postgres by psql. @returns the rows, each a list of texts */
export async function ask(databaseUrl, text) {
  const args = ['-X', '-A', '-t', '-q', '-F', '\t', '-v', 'ON_ERROR_STOP=1', '-c', text]
  const { out } = await run('psql', args, { env: postgresEnv(databaseUrl) })
  return out.split('\n').flatMap((line) => (line === '' ? [] : [line.split('\t')]))
}

/** Creates a database for the drill, which is dropped at the end. @returns its URL */
export async function createDatabase(serverUrl, name, stage, { isKept = false } = {}) {
  if (!/^[a-z_][a-z0-9_]{0,62}$/.test(name))
    throw new DrillFailed(`${name} is no name for a database: use small letters, digits and _`)
  await ask(serverUrl, `CREATE DATABASE ${name}`)
  if (!isKept) stage.atTheEnd(() => ask(serverUrl, `DROP DATABASE ${name} WITH (FORCE)`))
  return databaseOf(serverUrl, name)
}

/** A port of this machine that nobody listens at. */
export async function freePort() {
  const server = createServer()
  await new Promise((done) => server.listen(0, '127.0.0.1', done))
  const { port } = server.address()
  await new Promise((done) => server.close(done))
  return port
}
