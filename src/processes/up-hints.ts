/** The facts of a running `goldpro up` that its hints show. */
export interface Running {
  readonly gatewayUrl: string
  readonly apiUrl: string
  readonly redisUrl: string | null
  readonly identity: 'declared' | 'proven'
  /** The beginning of the period that the sandbox's statement covers; null: the gateway is not the sandbox. */
  readonly statementFrom: string | null
  /** The console, and who may sign in there until `up` ends. */
  readonly console: {
    readonly url: string
    /** Null: its operators, by what is theirs. */
    readonly people: {
      readonly makers: string
      readonly checkers: string
      readonly password: string
    } | null
  }
}

/** Commands to try next, as lines to copy. Where people are proven, the lines have no `--by`. */
export function whatToTry(running: Running): string {
  const lines = declaredLines(running)
  return running.identity === 'declared' ? lines : lines.replace(/ --by (ani|budi)/g, '   # as $1')
}

function declaredLines(running: Running): string {
  const { gatewayUrl, redisUrl, statementFrom, identity, console: served } = running
  const isSandbox = statementFrom !== null
  return `
goldpro is up: gateway ${gatewayUrl}${isSandbox ? ' (sandbox)' : ''}, queue in ${redisUrl === null ? 'Postgres' : 'Redis'}

The console: ${served.url}
  ${whoSignsIn(served.people)}${isSandbox ? `\n  the sandbox's statement, to upload there: ${gatewayUrl}/sandbox/statement` : ''}

Try, in another terminal in this folder:
  npx goldpro enqueue examples/orders.jsonl
  echo '${anOrder('"reference":"A-1","gold_weight":"0.5"')}' | npx goldpro enqueue -
  npx goldpro orders list
  npx goldpro orders show acme/A-1
${partnersToTry(running)}${batchesToTry}${isSandbox ? reconciliationToTry(gatewayUrl, statementFrom) : ''}${identity === 'declared' ? peopleToTry : ''}
Ctrl-C ends it.`
}

/** An order as a job has it. */
const anOrder = (fields: string) => `{"kind":"buy","partner":"acme","phone_number":"081234500001",${fields}}`

function partnersToTry({ apiUrl, statementFrom }: Running): string {
  const webhooks = `
  npx goldpro webhook add shop http://127.0.0.1:8099/
  WEBHOOK_SECRET=… node examples/verify-webhook.mjs 8099   # the secret it printed`
  return `
Or place an order as a partner, over HTTP (${apiUrl}/docs has the other routes):
  npx goldpro partner add shop${statementFrom === null ? '' : webhooks}
  KEY=…                                   # the key that was printed
  curl -X POST '${apiUrl}/v1/orders?wait=10' -H "Authorization: Bearer $KEY" -H 'Content-Type: application/json' \\
    -d '{"kind":"buy","reference":"S-1","phone_number":"081234500003","gold_weight":"0.5"}'
`
}

/** Ends that names are declared. */
const peopleToTry = `
Or let people prove who they are, instead of --by (docs/people.md):
  npx goldpro operator bootstrap adi --roles admin maker
  npx goldpro login                       # the token that was printed
  npx goldpro operator add budi --roles checker --note "finance"
  GOLDPRO_OPERATOR_TOKEN=… npx goldpro whoami    # budi's token
  npx goldpro operator invite budi --note "works at the console"    # then start up again
`

const batchesToTry = `
Or place many orders at once, or repeat one on a schedule (--by stands for the second person, until there are operators):
  npx goldpro batch template > batch.csv
  npx goldpro batch create batch.csv --by ani
  npx goldpro batch preview 1
  npx goldpro batch approve 1 --by budi
  npx goldpro batch run 1
  npx goldpro batch show 1 --watch
  echo '${anOrder('"amount":50000')}' | npx goldpro plan add every-minute --order - --cron '* * * * *' --count 3
  npx goldpro plan history every-minute
`

function reconciliationToTry(gatewayUrl: string, statementFrom: string): string {
  return `
Or lose a reply, so that an order is in doubt, and settle it by the gateway's statement:
  curl -X PUT ${gatewayUrl}/sandbox/faults/reply_lost -d '{"next":1}'
  echo '${anOrder('"reference":"A-2","amount":50000')}' | npx goldpro enqueue -
  npx goldpro orders list --state in_doubt
  curl -s ${gatewayUrl}/sandbox/statement | npx goldpro recon import - --period ${statementFrom}..now --complete --by ani
  npx goldpro recon statements approve 1 --note "the sandbox has everything" --by budi
  npx goldpro recon lag propose 0 --note "the sandbox executes at once or never" --by ani
  npx goldpro recon lag approve --note "so it does" --by budi
  npx goldpro recon run --lag-minutes 0
  npx goldpro recon report --format html --output report.html
`
}

function whoSignsIn(people: Running['console']['people']): string {
  if (people === null) return 'operators sign in; `npx goldpro operator invite` lets you set a password'
  const { makers, checkers, password } = people
  return `sign in as ${makers}, who proposes, or as ${checkers}, who approves; the password of both is ${password}`
}
