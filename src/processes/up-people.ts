import { randomBytes } from 'node:crypto'
import { demoPeople, type People } from '../console/people.ts'

/** The people of one `goldpro up`: a maker and a checker, with a password that is drawn anew at each start. */
export interface UpPeople {
  readonly people: People
  readonly makers: string
  readonly checkers: string
  readonly password: string
}

export function newUpPeople(): UpPeople {
  const password = randomBytes(9).toString('base64url')
  const [makers, checkers] = ['ani', 'budi']
  const people = demoPeople([
    { name: makers, roles: ['maker'], password },
    { name: checkers, roles: ['checker'], password },
  ])
  return { people, makers, checkers, password }
}
