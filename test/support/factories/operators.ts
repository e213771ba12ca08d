import { randomBytes } from 'node:crypto'
import { bootstrap } from '../../../src/operators/admin/bootstrap.ts'
import { addOperator } from '../../../src/operators/admin/commands.ts'
import { Credential } from '../../../src/operators/credential.ts'
import type { Role } from '../../../src/operators/enums.ts'
import type { Person } from '../../../src/operators/person-commands.ts'
import { StorageError } from '../../../src/postgres/storage-error.ts'
import { createTestDatabase } from '../servers/postgres.ts'
import { inSession } from '../servers/sessions.ts'
import { unnamed } from '../unnamed.ts'

/** An operator with a token, as a person of a command. */
export interface ProvenPerson extends Person {
  readonly token: string
}

export const personWith = (by: string, token: string, note = 'looked it up'): ProvenPerson => ({
  by,
  note,
  token,
  credential: new Credential(token),
})

/** Makes the first operator of a database. */
export async function bootstrapped(databaseUrl: string, name = 'adi', roles: readonly Role[] = ['admin']) {
  const answer = await inSession(databaseUrl, (session) => bootstrap(session, name, roles, randomBytes))
  if (answer.is === 'refused') throw new Error(answer.message)
  return personWith(name, answer.token)
}

/** Adds an operator by the only admin. */
export async function operatorBy(
  databaseUrl: string,
  admin: Person,
  name: string,
  roles: readonly Role[],
): Promise<ProvenPerson> {
  const answer = await inSession(databaseUrl, (session) =>
    addOperator(session, admin, { name, roles, key: null }, randomBytes),
  )
  if (answer.is === 'refused' || !answer.granted || answer.token === null)
    throw new Error(answer.is === 'refused' ? answer.message : 'no token')
  return personWith(name, answer.token)
}

/** A database whose people are proven: adi is admin, ani maker, budi checker, cici both, vera viewer. */
export async function provenPeople() {
  const place = await createTestDatabase()
  const { databaseUrl } = place
  const adi = await bootstrapped(databaseUrl)
  const ani = await operatorBy(databaseUrl, adi, 'ani', ['maker'])
  const budi = await operatorBy(databaseUrl, adi, 'budi', ['checker'])
  const cici = await operatorBy(databaseUrl, adi, 'cici', ['maker', 'checker'])
  const vera = await operatorBy(databaseUrl, adi, 'vera', ['viewer'])
  return { ...place, adi, ani, budi, cici, vera }
}

/** The constraint that refuses a statement, in a transaction in which a person acts or nobody; null when it is done. */
export async function refusedBy(
  databaseUrl: string,
  text: string,
  person: ProvenPerson | null = null,
): Promise<string | null> {
  return await inSession(databaseUrl, async (session) => {
    try {
      await session.transaction(async () => {
        if (person !== null) await session.run(unnamed('SELECT act_as_operator($1, NULL)'), [person.token])
        await session.run(unnamed(text))
      })
      return null
    } catch (error) {
      if (error instanceof StorageError) return error.constraint ?? error.code
      throw error
    }
  })
}
