import pg from 'pg'
import { inject } from 'vitest'

/** A database whose tables one role owns, and a second role for the program. */
export interface TestRoles {
  readonly owner: string
  readonly program: string
  readonly reader: string
  readonly operators: string
  readonly ownerUrl: string
  readonly programUrl: string
  readonly readerUrl: string
  readonly operatorsUrl: string
  drop(): Promise<void>
}

const PASSWORD = 'only-for-tests'

/** Makes the roles and an empty database of the owner's. */
export async function createRoles(): Promise<TestRoles> {
  const name = `r_${process.pid}_${Math.random().toString(36).slice(2)}`
  const [owner, program, reader, operators] = [
    `${name}_owner`,
    `${name}_program`,
    `${name}_reader`,
    `${name}_operators`,
  ]
  for (const role of [owner, program, reader, operators])
    await administer(`CREATE ROLE ${role} LOGIN PASSWORD '${PASSWORD}'`)
  await administer(`CREATE DATABASE ${name} OWNER ${owner} TEMPLATE template0`)
  await administer(`REVOKE ALL ON DATABASE ${name} FROM PUBLIC`)
  const urlOf = (role: string) => {
    const url = new URL(inject('postgresUrl'))
    Object.assign(url, { username: role, password: PASSWORD, pathname: name })
    return url.href
  }
  return {
    ...{ owner, program, reader, operators },
    operatorsUrl: urlOf(operators),
    ...{ ownerUrl: urlOf(owner), programUrl: urlOf(program), readerUrl: urlOf(reader) },
    async drop() {
      await administer(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`)
      for (const role of [program, reader, operators, owner]) await administer(`DROP ROLE ${role}`)
    },
  }
}

export async function administer(statement: string): Promise<void> {
  const admin = new pg.Client(inject('postgresUrl'))
  await admin.connect()
  try {
    await admin.query(statement)
  } finally {
    await admin.end()
  }
}

/** The SQLSTATE that a statement is refused with; null when it is done. */
export async function refusalOf(url: string, statement: string): Promise<string | null> {
  const client = new pg.Client(url)
  await client.connect()
  try {
    await client.query('BEGIN')
    await client.query(statement)
    return null
  } catch (error) {
    return String((error as { code?: unknown }).code)
  } finally {
    await client.end()
  }
}
