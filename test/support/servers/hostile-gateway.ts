import type { ServerResponse } from 'node:http'
import type { HostileReply, Written } from '../factories/hostile-replies.ts'
import { envelope, type ReceivedRequest, replyWith, startServer } from './http-server.ts'

/** A gateway that gives good quotes, counts what it executes, and answers every confirm as it is told to. */
export interface HostileGateway {
  readonly url: string
  /** Executions of a wallet so far. */
  executions(phoneNumber: string): number
  answerConfirmsWith(reply: HostileReply): void
  stop(): Promise<void>
}

const PRICE_PER_GRAM = 882_000

type Fields = Record<string, string | number | undefined>

export async function startHostileGateway(): Promise<HostileGateway> {
  const executed = new Map<string, number>()
  const quotes = new Map<string, Fields>()
  let reply: HostileReply | null = null
  let ids = 1_612_853_773

  const takeQuote = (fields: Fields): Fields => {
    ids += 1
    const weight = Number(
      fields.gold_weight ?? Math.round((Number(fields.amount) / PRICE_PER_GRAM) * 1e4) / 1e4,
    )
    const quote = {
      response_id: String(ids),
      phone_number: fields.phone_number,
      gold_weight: weight,
      amount: Number(fields.amount ?? Math.round(weight * PRICE_PER_GRAM)),
      fee: 5_000,
    }
    quotes.set(quote.response_id, quote)
    return quote
  }

  const confirm = (path: string, fields: Fields, response: ServerResponse) => {
    if (reply === null) throw new Error('no reply was chosen')
    const wallet = String(fields.phone_number)
    if (reply.executes) executed.set(wallet, (executed.get(wallet) ?? 0) + 1)
    const quote = quotes.get(String(fields.request_id)) ?? takeQuote({ ...fields, amount: 147_975 })
    write(response, reply.write({ executed: transactionOf(path, quote, fields, ids), quote }))
  }

  const server = await startServer((request, response) => {
    const fields = JSON.parse(request.body) as Fields
    if (fields.request_id !== undefined) return confirm(request.path, fields, response)
    if (request.path.endsWith('/withdraw/address')) {
      ids += 1
      const data = { request_id: String(ids), phone_number: fields.phone_number }
      return replyWith(response, 200, envelope(data))
    }
    replyWith(response, 200, envelope({ ...takeQuote(fields), additional: {} }))
  })
  return {
    url: server.url,
    executions: (phoneNumber) => executed.get(phoneNumber) ?? 0,
    answerConfirmsWith(chosen) {
      reply = chosen
    },
    stop: server.stop,
  }
}

/** The transaction as the document prints it for its kind. */
function transactionOf(
  path: ReceivedRequest['path'],
  quote: Fields,
  fields: Fields,
  serial: number,
): object & Fields {
  const trade = { ...quote, response_id: String(1_082_102_090_000_000 + serial) }
  if (path.includes('sell')) return trade
  return {
    ...trade,
    request_id: fields.request_id,
    session_id: serial.toString(16).toUpperCase().padStart(32, 'B'),
  }
}

function write(response: ServerResponse, { status, text, type = 'application/json', cut }: Written): void {
  if (cut === undefined) {
    replyWith(response, status, text, type)
  } else if (cut === 0) {
    response.destroy()
  } else {
    response.writeHead(status, { 'Content-Type': type, 'Content-Length': Buffer.byteLength(text) })
    response.write(text.slice(0, cut), () => response.destroy())
  }
}
