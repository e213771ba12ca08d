import { randomBytes } from 'node:crypto'
import type { DemoPerson } from '../console/demo-people.ts'
import { readInstallation } from '../operators/identity.ts'
import { withSession } from '../postgres/session.ts'

/** The people of one `goldpro up`: a maker and a checker, with a password that is drawn anew at each start. */
export interface UpPeople {
  readonly people: readonly DemoPerson[]
  readonly makers: string
  readonly checkers: string
  readonly password: string
}

/** Null: the installation has operators, and they sign in by what is theirs. */
export async function findUpPeople(databaseUrl: string): Promise<UpPeople | null> {
  const { identity } = await withSession(databaseUrl, readInstallation)
  return identity === 'declared' ? newUpPeople() : null
}

function newUpPeople(): UpPeople {
  const password = randomBytes(9).toString('base64url')
  const [makers, checkers] = ['ani', 'budi']
  const people: readonly DemoPerson[] = [
    { name: makers, roles: ['maker'], password },
    { name: checkers, roles: ['checker'], password },
  ]
  return { people, makers, checkers, password }
}
