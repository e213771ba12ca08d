import { z } from 'zod'
import { PHONE_NUMBER_EXPECTED, readPhoneNumber } from '../core/phone-number.ts'
import { MOST_REFERENCE_CHARACTERS, plainTextExpected, readReference } from '../core/plain-text.ts'

/** A text with one stored form, whatever form the request has. */
export const inOneForm = (read: (written: string) => string | null, expected: string) =>
  z.string().transform((written, context) => {
    const value = read(written)
    if (value !== null) return value
    context.addIssue({ code: 'custom', message: expected })
    return z.NEVER
  })

/** A wallet in a path, a query or a body. */
export const phoneNumber = inOneForm(readPhoneNumber, PHONE_NUMBER_EXPECTED).describe(
  'the wallet: 0…, 62…, +62… or 0062…; spaces and dashes are allowed',
)

/** A reference in a path or a query. */
export const reference = inOneForm(readReference, plainTextExpected(MOST_REFERENCE_CHARACTERS))

/** Fields of answers. */
export const time = (meaning: string) => z.iso.datetime().describe(meaning)
export const count = (meaning: string) => z.int().min(0).describe(meaning)
export const rupiah = (meaning: string) => z.int().min(0).describe(`${meaning}, in whole rupiah`)
export const grams = (meaning: string) =>
  z
    .string()
    .regex(/^\d+\.\d{4}$/)
    .describe(`${meaning}: grams as text with four decimals`)
export const maskedWallet = z.string().describe('the wallet, masked')
