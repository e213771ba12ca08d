import type { OrderAnswer } from './order-answer-schemas.ts'
import type { QuoteAnswer } from './quote-schemas.ts'

/** Invented orders, for the API's description and its tests. */
export const ORDER_BODIES = {
  'buy by weight': {
    kind: 'buy',
    reference: 'A-1',
    phone_number: '081234500001',
    gold_weight: '0.5',
    limit: { max_price_per_gram: 1_100_000 },
  },
  'buy by amount': { kind: 'buy', reference: 'A-2', phone_number: '081234500001', amount: 100_000 },
  sell: { kind: 'sell', reference: 'A-3', phone_number: '081234500001', gold_weight: 0.25 },
  transfer: {
    kind: 'transfer',
    reference: 'A-4',
    phone_number: '081234500001',
    gold_weight: '0.1',
    recipient: '081234500002',
    remarks: 'hadiah',
  },
  withdraw: {
    kind: 'withdraw',
    reference: 'A-5',
    phone_number: '081234500001',
    gold_weight: 2,
    ktp: '3174999901010001',
    address: {
      province: 'DKI Jakarta',
      city: 'Jakarta Pusat',
      district: 'Gambir',
      subdistrict: 'Duri Pulo',
      address: 'Jl. Contoh 1',
      zip_code: '10140',
    },
  },
} as const

export const ACCEPTED: OrderAnswer = {
  id: '019c4f2a-7b1e-7c3d-9a4b-5e6f70818293',
  reference: 'A-1',
  kind: 'buy',
  phone_number: '08xxxxxxx001',
  request: { gold_weight: '0.5000', limit: { max_price_per_gram: 1_100_000 } },
  state: 'accepted',
  reason: 'submitted',
  attempts: 0,
  executed: null,
  accepted_at: '2026-02-09T05:52:06.104Z',
  deadline: '2026-02-09T06:07:06.104Z',
  settled_at: null,
}

export const SUCCEEDED: OrderAnswer = {
  ...ACCEPTED,
  state: 'succeeded',
  reason: 'executed',
  attempts: 1,
  executed: {
    request_id: '1612853774',
    response_id: '1082102090000011',
    session_id: '764FC70DD96B9E07713D95A9AD004702',
    gold_weight: '0.5000',
    amount: 441_000,
    fee: 5_000,
  },
  settled_at: '2026-02-09T05:52:07.311Z',
}

export const CANCELLED: OrderAnswer = {
  ...ACCEPTED,
  state: 'cancelled',
  reason: 'cancel_requested',
  settled_at: '2026-02-09T05:52:07.311Z',
}

export const EVENTS = {
  events: [
    { at: '2026-02-09T05:52:06.104Z', from: null, to: 'accepted', reason: 'submitted', by: 'partner' },
    {
      at: '2026-02-09T05:52:06.590Z',
      from: 'accepted',
      to: 'confirming',
      reason: 'intent_committed',
      by: 'worker',
    },
    {
      at: '2026-02-09T05:52:07.311Z',
      from: 'confirming',
      to: 'succeeded',
      reason: 'executed',
      by: 'worker',
    },
  ],
}

export const QUOTE_BODIES = {
  'buy by weight': {
    kind: 'buy',
    phone_number: '081234500001',
    gold_weight: '0.5',
    limit: { max_price_per_gram: 1_100_000 },
  },
  'buy by amount': { kind: 'buy', phone_number: '081234500001', amount: 100_000 },
  sell: { kind: 'sell', phone_number: '081234500001', gold_weight: '0.25' },
} as const

export const QUOTE: QuoteAnswer = {
  kind: 'buy',
  phone_number: '08xxxxxxx001',
  gold_weight: '0.5000',
  amount: 441_000,
  fee: 5_000,
  price_per_gram: 882_000,
  breaks: null,
}
