import { proposeChange } from '../../approvals/commands.ts'
import { readPhoneNumber } from '../../core/phone-number.ts'
import { databaseOf } from '../../operators/acting.ts'
import type { PartnerState } from '../../partners/enums.ts'
import { setState } from '../../partners/store/partners.ts'
import { unlinkWallet } from '../../wallets/commands.ts'
import { LINK_WALLETS } from '../../wallets/link.ts'
import { listWallets } from '../../wallets/queries.ts'
import { doneOf, orRefusal, Refused } from '../command-outcome.ts'
import { type Answer, type Call, done } from '../route.ts'
import { staleness } from '../stale.ts'
import { partnerPage, readPartnerView, shownOfPartner } from './partner.ts'
import { placeOf } from './partners.ts'
import { walletsPage } from './wallets.ts'

const moveTo =
  (state: PartnerState, said: string) =>
  async (call: Call): Promise<Answer> => {
    const partner = await readPartnerView(call)
    const stale = staleness(call, shownOfPartner(partner))
    if (stale !== null) return await partnerPage(call, stale)
    const person = call.person('')
    const give = async () => {
      const database = databaseOf(call.database, person)
      if (!(await setState(database, partner.name, state, `person:${person.by}`)))
        throw new Refused(call.texts('stale.hidden'))
      return done(placeOf(partner.name), said)
    }
    return await orRefusal(give, (problem) => partnerPage(call, problem))
  }

export const suspend = moveTo('suspended', 'partner_suspended')
export const resume = moveTo('active', 'partner_resumed')

/**
 * Gives a command about one wallet, which the person types: no page has its number, so none can be sent along. What it is
 * now is read when the command is given, and for a link again at its approval.
 */
const walletCommand =
  (said: string, work: (call: Call, partner: string, phoneNumber: string) => Promise<unknown>, to: string) =>
  async (call: Call): Promise<Answer> => {
    const { name } = await readPartnerView(call)
    const give = async () => {
      const phoneNumber = readPhoneNumber((call.form.get('wallet') ?? '').trim())
      if (phoneNumber === null) throw new Refused(call.texts('wallets.no_number'))
      await work(call, name, phoneNumber)
      return done(to === 'approvals' ? '/approvals' : `${placeOf(name)}/wallets`, said)
    }
    return await orRefusal(give, (problem) => walletsPage(call, problem))
  }

const noteOf = ({ form }: Call): string => (form.get('note') ?? '').trim()

/** Proposes that the wallet becomes the partner's. */
export const link = walletCommand(
  'proposed',
  async (call, partner, phoneNumber) => {
    const linking = { file: null, wallets: [{ phone_number: phoneNumber, partner }] }
    doneOf(
      await call.inSession((session) =>
        proposeChange(session, call.person(noteOf(call)), LINK_WALLETS, linking),
      ),
    )
  },
  'approvals',
)

/** Takes the wallet from the partner at once. */
export const unlink = walletCommand(
  'wallet_unlinked',
  async (call, partner, phoneNumber) => {
    const filter = { partner, phoneNumber, state: 'linked', limit: 1, skip: 0 } as const
    const [own] = await listWallets(call.database, filter)
    if (own === undefined) throw new Refused(call.texts('wallets.not_own', { partner }))
    doneOf(await call.inSession((session) => unlinkWallet(session, call.person(noteOf(call)), phoneNumber)))
  },
  'wallets',
)
