import { randomBytes, type ScryptOptions, scrypt } from 'node:crypto'

/** What is stored of a password besides the hash. */
export interface PasswordSalt {
  /** 16 bytes, in hex. */
  readonly salt: string
  /** The cost, such as `ln=15,r=8,p=3`: N is 2 to the power of ln. */
  readonly scrypt: string
}

/** 32 MiB and about a tenth of a second for each guess, as OWASP recommends. */
export const PASSWORD_COST = 'ln=15,r=8,p=3'
const SHORTEST = 12
/** In characters. A longer one is refused before it is hashed. */
const LONGEST = 256

/** @param cost as stored: each password keeps the one that it was hashed by */
export const newSalt = (cost: string): PasswordSalt => ({
  salt: randomBytes(16).toString('hex'),
  scrypt: cost,
})

/** Why a new password is refused. */
export type PasswordProblem = 'short' | 'long' | 'name'

/** Why a new password is refused; null when it may be chosen. */
export function passwordProblem(password: string, name: string): PasswordProblem | null {
  if (isTooLong(password)) return 'long'
  const letters = Array.from(password.normalize('NFC'))
  if (letters.length < SHORTEST || new Set(letters).size < 4) return 'short'
  const plain = (text: string) => text.normalize('NFKD').toLowerCase()
  return plain(password).replaceAll(plain(name), '').length < 4 ? 'name' : null
}

/** Whether nobody can have such a password, so that it is not hashed. */
export const isTooLong = (password: string): boolean => password.length > LONGEST

/** What scrypt makes of a password, in hex. Postgres stores the hash of it, and compares. */
export async function passwordKey(password: string, { salt, scrypt: cost }: PasswordSalt): Promise<string> {
  const options = readCost(cost)
  return await new Promise((resolve, reject) => {
    // One password typed on two keyboards may differ in its form.
    scrypt(password.normalize('NFC'), Buffer.from(salt, 'hex'), 32, options, (error, key) =>
      error === null ? resolve(key.toString('hex')) : reject(error),
    )
  })
}

function readCost(cost: string): ScryptOptions {
  const [, ln, r, p] = /^ln=(\d{1,2}),r=(\d{1,2}),p=(\d{1,2})$/.exec(cost) ?? []
  if (ln === undefined) throw new Error(`a password with the cost ${cost}`)
  const N = 2 ** Number(ln)
  return { N, r: Number(r), p: Number(p), maxmem: 256 * N * Number(r) }
}
