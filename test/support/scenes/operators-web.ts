import { bootstrapped, operatorBy } from '../factories/operators.ts'
import { csvLine, HEADER } from '../factories/statement-files.ts'
import { type Reply, startTestWeb, type TestWeb } from '../servers/web.ts'

/** The tokens of operators, one of each role. */
export interface OperatorTokens {
  readonly admin: string
  readonly maker: string
  readonly checker: string
  readonly viewer: string
}

/** Adds operators to an installation: from then on its people are proven. */
export async function addOperators(databaseUrl: string): Promise<OperatorTokens> {
  const admin = await bootstrapped(databaseUrl)
  const tokenOf = async (name: string, role: 'maker' | 'checker' | 'viewer') =>
    (await operatorBy(databaseUrl, admin, name, [role])).token
  return {
    admin: admin.token,
    maker: await tokenOf('ani', 'maker'),
    checker: await tokenOf('budi', 'checker'),
    viewer: await tokenOf('vera', 'viewer'),
  }
}

/** An API of its own whose people are proven. */
export async function withOperators<T>(
  use: (web: TestWeb, tokens: OperatorTokens) => Promise<T>,
): Promise<T> {
  const web = await startTestWeb()
  try {
    return await use(web, await addOperators(web.databaseUrl))
  } finally {
    await web.stop()
  }
}

/** A statement of one line that belongs to no order. */
export const csvOfStatement = (n = 1): string => `${HEADER}\n${csvLine(n)}\n`

/** Sends a file as an operator. */
export async function sendStatement(
  web: TestWeb,
  token: string | null,
  body: string,
  query = '',
  headers: Readonly<Record<string, string>> = { 'content-type': 'text/csv' },
): Promise<Reply> {
  return await web.ask('POST', `/v1/statements${query}`, { key: token, body, headers })
}
