import { hash, randomBytes } from 'node:crypto'
import { toBase32 } from './totp.ts'

const HOW_MANY = 10
/** 80 bits, which are 16 letters. */
const BYTES = 10

/** Codes that stand in for a TOTP app once each, such as `ABCD-EFGH-IJKL-MNOP`. */
export const newRecoveryCodes = (): string[] =>
  Array.from({ length: HOW_MANY }, () => toBase32(randomBytes(BYTES)).replace(/(.{4})(?=.)/g, '$1-'))

/** A recovery code as it is hashed, however it was typed. */
export const plainRecoveryCode = (text: string): string => text.replace(/[\s-]/g, '').toUpperCase()

export const recoveryHash = (code: string): string => hash('sha256', plainRecoveryCode(code))
