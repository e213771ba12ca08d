import type { z } from 'zod'
import type { GatewaySettings } from '../config.ts'
import type { Log } from '../core/log.ts'
import type { OrderCommand } from '../orders/command.ts'
import type { OrderGateway } from '../orders/gateway-port.ts'
import type { CheckoutOutcome, ConfirmOutcome } from '../orders/outcomes.ts'
import { type Caller, type CallResult, type GatewayClocks, openCaller } from './call.ts'
import { checkoutOutcome } from './checkout.ts'
import { fieldsOf, replyData } from './codecs.ts'
import { confirmBody, confirmOutcome } from './confirm.ts'
import { bodyOf, ENDPOINTS, type Operation, operationsOf } from './endpoints.ts'
import { checkoutVerdict } from './outcome-table.ts'
import type { ReplyFacts } from './reply-facts.ts'
import { messageOf } from './reply-message.ts'

/** The answer of an operation that is not an order: its data, or the gateway's message. */
export type Answer<Data> =
  | { readonly is: 'answered'; readonly data: Data }
  | { readonly is: 'refused'; readonly message: string }
  | { readonly is: 'trouble'; readonly message: string }

type DataOf<K extends keyof typeof replyData> = z.output<(typeof replyData)[K]>

/** All operations of the gateway. No call throws: every failure is an outcome. */
export interface GatewayClient extends OrderGateway {
  /** As `checkout`, of a quote that nobody confirms: no connection is opened for its confirm. */
  quote(command: OrderCommand): Promise<CheckoutOutcome>
  /** Activates a wallet. */
  register(wallet: {
    phone_number: string
    name: string
    email: string
  }): Promise<Answer<DataOf<'registration'>>>
  /** Collection points near a kecamatan. */
  region(kecamatan: string): Promise<Answer<DataOf<'regions'>>>
  getAddress(phoneNumber: string): Promise<Answer<DataOf<'address'>>>
  /** Price per gram and day, rupiah. */
  chart(side: 'buy' | 'sell', phoneNumber: string): Promise<Answer<DataOf<'chart'>>>
  close(): void
}

export interface GatewayDeps extends GatewayClocks {
  readonly log: Log
  /** Called after each call, for metrics. */
  onCall?(call: GatewayCall): void
}

/** A measured call. It has no data of the order. */
export interface GatewayCall {
  readonly operation: Operation
  readonly outcome: CheckoutOutcome['is'] | ConfirmOutcome['is'] | Answer<unknown>['is']
  /** Duration, token included. */
  readonly seconds: number
}

type MeasuredCall = <Outcome extends { readonly is: GatewayCall['outcome'] }>(
  operation: Operation,
  call: () => Promise<Outcome>,
) => Promise<Outcome>

function measuring({ onCall, log }: GatewayDeps): MeasuredCall {
  return async (operation, call) => {
    const startedAt = performance.now()
    const outcome = await call()
    try {
      onCall?.({ operation, outcome: outcome.is, seconds: (performance.now() - startedAt) / 1_000 })
    } catch (error) {
      // Instrumentation errors must not change an outcome: that of a confirm would become a doubt.
      log.warn({ operation, err: error }, 'call not measured')
    }
    return outcome
  }
}

interface GatewayCalls {
  /** One call, never repeated. The log says if it is refused for its credentials. */
  once(operation: Operation, fields: Record<string, unknown>): Promise<CallResult>
  /** A call that moves nothing. It is repeated once on a 401, because the gateway may have revoked the token early. */
  ask(operation: Operation, fields: Record<string, unknown>): Promise<CallResult>
}

function callsOf(caller: Caller, log: Log): GatewayCalls {
  const alertIfUnauthorised = (operation: Operation, result: CallResult): CallResult => {
    if (isUnauthorised(result))
      log.error({ operation }, 'the gateway refuses our credentials: check the GATEWAY_ settings')
    return result
  }
  const once = async (operation: Operation, fields: Record<string, unknown>) =>
    alertIfUnauthorised(operation, await caller.call(operation, fields))
  return {
    once,
    async ask(operation, fields) {
      const first = await caller.call(operation, fields)
      if (isUnauthorised(first) && caller.usesToken) return await once(operation, fields)
      return alertIfUnauthorised(operation, first)
    },
  }
}

/** Creates the client of one gateway. */
export function createGatewayClient(settings: GatewaySettings, deps: GatewayDeps): GatewayClient {
  const caller = openCaller(settings, deps)
  const calls = callsOf(caller, deps.log)
  const measured = measuring(deps)
  const { is429Refusal } = settings
  const rules = { is429Refusal, sellHasOwnPath: settings.sellPath !== ENDPOINTS.checkoutSell.path }

  const inquire = async <K extends keyof typeof replyData>(
    operation: Operation,
    fields: Record<string, unknown>,
    reads: K,
  ): Promise<Answer<DataOf<K>>> =>
    await measured(operation, async () => {
      const sent = bodyOf(operation, fields)
      return answerOf(await calls.ask(operation, fields), reads, { sent, is429Refusal })
    })

  const quote = async (command: OrderCommand): Promise<CheckoutOutcome> => {
    const { checkout } = operationsOf(command)
    return await measured(checkout, async () =>
      checkoutOutcome(command, await calls.ask(checkout, fieldsOf(command)), is429Refusal),
    )
  }

  return {
    quote,
    async checkout(command) {
      // The confirm's connection opens while the quote is taken and the intent committed, so it costs no round trip.
      const noConfirmFollows = caller.openAhead()
      const outcome = await quote(command)
      if (outcome.is !== 'quoted') noConfirmFollows()
      return outcome
    },
    async confirm(command, quote) {
      const { confirm } = operationsOf(command)
      return await measured(confirm, async () => {
        const result = await calls.once(confirm, confirmBody(command, quote))
        return confirmOutcome(command, quote, result, rules)
      })
    },
    register: (wallet) => inquire('register', wallet, 'registration'),
    region: (kecamatan) => inquire('region', { kecamatan }, 'regions'),
    getAddress: (phoneNumber) => inquire('getAddress', { phone_number: phoneNumber }, 'address'),
    chart: (side, phoneNumber) =>
      inquire(side === 'buy' ? 'chartBuy' : 'chartSell', { phone_number: phoneNumber }, 'chart'),
    close: () => caller.close(),
  }
}

/** A gateway may say it only in the envelope. */
function isUnauthorised(result: CallResult): boolean {
  if (result.is === 'failure') return false
  return [result.status, result.envelope?.code].some((code) => code === 401 || code === 403)
}

function answerOf<K extends keyof typeof replyData>(
  result: CallResult,
  reads: K,
  rules: Pick<ReplyFacts, 'sent' | 'is429Refusal'>,
): Answer<DataOf<K>> {
  const message = messageOf(result)
  if (result.is === 'failure') return { is: 'trouble', message }
  const { is } = checkoutVerdict({ ...result, ...rules })
  if (is === 'trouble' || is === 'executed') return { is: 'trouble', message }
  if (is !== 'success') return { is: 'refused', message }
  const parsed = replyData[reads].safeParse(result.envelope?.data)
  if (parsed.success) return { is: 'answered', data: parsed.data as DataOf<K> }
  return {
    is: 'trouble',
    message: `the reply is not as documented: ${parsed.error.issues[0]?.path.join('.')}`,
  }
}
