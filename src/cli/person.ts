import { userInfo } from 'node:os'

/** Who acts when nobody is named. */
export function defaultPerson(): string {
  return userInfo().username
}
