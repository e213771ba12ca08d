import { z } from 'zod'
import { maskKtp, maskPhoneNumber, maskPhoneNumbersIn } from '../../core/masking.ts'
import { maskedWallet, phoneNumber } from '../../http/field-schemas.ts'
import { Problem } from '../../http/problems.ts'
import { type AnyRoute, type Call, route } from '../../http/route.ts'
import { claimWallet, isLinked, mayReadAddress } from '../store/wallets.ts'
import type { GatewayAnswer, WalletGateway } from './wallet-gateway.ts'

const text = (max: number, meaning: string) =>
  z
    .string()
    .min(1)
    .max(max)
    .regex(/^\P{Cc}*$/u, 'must have no control characters')
    .describe(meaning)

const walletAnswer = z
  .strictObject({
    phone_number: maskedWallet,
    linked: z
      .boolean()
      .describe(
        'whether it is linked to you; if not, an operator must link it before your orders may use it',
      ),
  })
  .meta({ id: 'Wallet', description: 'An active wallet' })
const addressAnswer = z
  .strictObject({
    phone_number: maskedWallet,
    province: z.string().describe('province'),
    city: z.string().describe('city'),
    district: z.string().describe('district'),
    subdistrict: z.string().describe('subdistrict'),
    address: z.string().describe('street and number'),
    zip_code: z.string().describe('five digits'),
    note: z.string().describe('for the courier'),
    ktp: z.string().describe('the KTP number, masked but for its last two digits'),
  })
  .meta({ id: 'WalletAddress', description: 'Where bars of a wallet are sent' })
const GATEWAY_PROBLEMS = ['gateway_refused', 'gateway_trouble', 'gateway_missing'] as const

export const WALLET_ROUTES: readonly AnyRoute[] = [
  route({
    name: 'registerWallet',
    method: 'POST',
    path: '/v1/wallets',
    summary: 'Activate a wallet',
    description:
      'A wallet that nobody had activated becomes yours: orders of other partners are refused. One that was activated elsewhere does not; `linked` says so, and an operator links it.',
    scope: 'orders:write',
    query: z.strictObject({}),
    body: z
      .strictObject({
        phone_number: phoneNumber,
        name: text(100, "the customer's name"),
        email: z.email().max(254).describe("the customer's e-mail address"),
      })
      .meta({ id: 'WalletRequest', description: 'A customer whose wallet is activated' }),
    bodyExamples: {
      wallet: { phone_number: '081234500001', name: 'Sari Contoh', email: 'sari@contoh.example' },
    },
    answers: {
      200: {
        description: 'The wallet is active',
        schema: walletAnswer,
        example: { phone_number: '08xxxxxxx001', linked: true },
      },
    },
    problems: GATEWAY_PROBLEMS,
    async handle({ body }, call) {
      const { database, caller } = call
      const wasUnknown = await isUnknown(body.phone_number, call)
      await ask(call, (gateway) => gateway.register(body))
      if (wasUnknown) await claimWallet(database, body.phone_number, caller.partner)
      const linked = await isLinked(database, body.phone_number, caller.partner)
      return { status: 200, body: { phone_number: maskPhoneNumber(body.phone_number), linked } }
    },
  }),
  route({
    name: 'readWalletAddress',
    method: 'GET',
    path: '/v1/wallets/{phone_number}/address',
    summary: "Read your customer's withdrawal address",
    scope: 'orders:read',
    params: z.strictObject({ phone_number: phoneNumber }),
    query: z.strictObject({}),
    answers: {
      200: {
        description: 'Where bars are sent',
        schema: addressAnswer,
        example: {
          phone_number: '08xxxxxxx001',
          province: 'DKI Jakarta',
          city: 'Jakarta Pusat',
          district: 'Gambir',
          subdistrict: 'Duri Pulo',
          address: 'Jl. Contoh 1',
          zip_code: '10140',
          note: '',
          ktp: 'xxxxxxxxxxxxxx01',
        },
      },
    },
    problems: ['not_found', ...GATEWAY_PROBLEMS],
    async handle({ params }, call) {
      await requireReadable(params.phone_number, call)
      const data = await ask(call, (gateway) => gateway.getAddress(params.phone_number))
      // Checked again after the gateway's answer: meanwhile the key may be revoked, or another partner may have an order.
      await call.reauthenticate()
      await requireReadable(params.phone_number, call)
      const { province, city, district, subdistrict, address, zip_code, note, ktp } = data
      const place = { province, city, district, subdistrict, address, zip_code, note }
      const phone_number = maskPhoneNumber(params.phone_number)
      return { status: 200, body: { phone_number, ...place, ktp: maskKtp(ktp) } }
    },
  }),
  route({
    name: 'listRegions',
    method: 'GET',
    path: '/v1/regions',
    summary: 'List collection points of a kecamatan',
    scope: 'orders:read',
    query: z.strictObject({ kecamatan: text(100, 'the subdistrict, such as Gambir') }),
    answers: {
      200: {
        description: 'Collection points as the gateway writes them',
        schema: z
          .strictObject({ regions: z.array(z.unknown()).describe('as the gateway writes them') })
          .meta({ id: 'Regions', description: 'Collection points of a kecamatan' }),
        example: { regions: [{ kecamatan: 'Gambir', kabupaten: 'Jakarta Pusat' }] },
      },
    },
    problems: GATEWAY_PROBLEMS,
    async handle({ query }, call) {
      const regions = await ask(call, (gateway) => gateway.region(query.kecamatan))
      return { status: 200, body: { regions } }
    },
  }),
]

/**
 * Whether the gateway says that nobody has activated the wallet. It answers any number of registrations with success, so
 * only this, asked before, tells the first one.
 */
async function isUnknown(phoneNumber: string, { gateway }: Call): Promise<boolean> {
  const answer = await gateway?.getAddress(phoneNumber)
  return answer?.is === 'refused' && /^\s*user\s+not\s+found[\s.]*$/i.test(answer.message)
}

/** @throws Problem when this partner may not read the wallet's address now */
async function requireReadable(phoneNumber: string, { database, caller }: Call): Promise<void> {
  if (!(await mayReadAddress(database, phoneNumber, caller.partner))) throw new Problem('not_found')
}

/** Asks the gateway. @throws Problem for every answer without data; its messages may contain phone numbers */
async function ask<Data>(
  { gateway }: Call,
  call: (gateway: WalletGateway) => Promise<GatewayAnswer<Data>>,
): Promise<Data> {
  if (gateway === null) throw new Problem('gateway_missing')
  const answer = await call(gateway)
  switch (answer.is) {
    case 'answered':
      return answer.data
    case 'refused':
      throw new Problem('gateway_refused', { detail: maskPhoneNumbersIn(answer.message) })
    case 'trouble':
      throw new Problem('gateway_trouble')
  }
}
