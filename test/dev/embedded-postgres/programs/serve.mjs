// A program with a local PostgreSQL: says in one line of JSON how it went, then stays until it is told to end.
import { startLocalPostgres } from '../../../../dist/dev/embedded-postgres/postgres.js'

const { options, surroundings } = JSON.parse(process.argv[2])
process.on('SIGINT', () => {})
try {
  const log = (line) => process.stderr.write(`${line}\n`)
  const server = await startLocalPostgres({ ...options, log }, surroundings)
  process.stdout.write(`${JSON.stringify({ databaseUrl: server.databaseUrl })}\n`)
  process.stdin.on('data', async (told) => {
    if (`${told}`.includes('stop')) await server.stop()
    process.exit()
  })
} catch (error) {
  process.stdout.write(`${JSON.stringify({ name: error.name, message: error.message })}\n`)
}
