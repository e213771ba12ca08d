// The pages of the console that are measured: each page, each field of the filter of orders, first and deep.

const DAY = 86_400_000
const dayBefore = (days) => new Date(Date.now() - days * DAY).toISOString().slice(0, 10)

const FILTERS = {
  'no filter': '',
  'state in_doubt': 'state=in_doubt',
  'state rejected': 'state=rejected',
  'state cancelled': 'state=cancelled',
  'kind transfer': 'kind=transfer',
  'partner, large': 'partner=p01',
  'partner, small': 'partner=p33',
  'partner and state in_doubt': 'partner=p33&state=in_doubt',
  'wallet, usual': 'wallet=081200000042',
  'wallet, busy': 'wallet=081299999999',
  'wallet, unknown': 'wallet=081277777777',
  'amount, found': 'amount=400042',
  'amount, unknown': 'amount=123',
  'one day': `from=${dayBefore(40)}&to=${dayBefore(40)}`,
  'one day, state and amount': `from=${dayBefore(40)}&to=${dayBefore(40)}&state=rejected&amount=400042`,
}

const IDS = {
  reference: (i) => `reference=R-${i}`,
  'reference, unknown': () => 'reference=none',
  session_id: (i) => `session=S${i}`,
  request_id: (i) => `request=Q${i}`,
  response_id: (i) => `response=P${i}`,
}

/** The pages by name, with their addresses. */
export async function pagesOf(client, count) {
  const middle = Math.floor(count / 2 / 500) * 500 + 4
  const { rows } = await client.query(
    `SELECT id, to_char(accepted_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS at
      FROM orders WHERE accepted_at < now() - interval '120 days' ORDER BY accepted_at DESC LIMIT 1`,
  )
  const { id, at } = rows[0]
  const found = await client.query(
    `SELECT (SELECT max(id) FROM breaks WHERE state = 'open') AS broken, (SELECT event_id FROM webhook_tries LIMIT 1) AS event`,
  )
  const [first] = found.rows
  const deep = (query) => `/orders?${query}&after=${encodeURIComponent(`${at}~${id}`)}`
  const plain = ['breaks', 'reconciliation', 'approvals', 'batches', 'plans', 'partners', 'switches', 'audit']
  return [
    { name: 'today', first: '/' },
    ...Object.entries(FILTERS).map(([name, query]) => ({
      name: `orders, ${name}`,
      first: `/orders?${query}`,
      deep: deep(query),
    })),
    ...Object.entries(IDS).map(([name, query]) => ({
      name: `orders, ${name}`,
      first: `/orders?${query(middle)}`,
    })),
    { name: 'one order', first: `/orders/${id}` },
    ...plain.map((page) => ({ name: page, first: `/${page}` })),
    { name: 'breaks, type', first: '/breaks?type=fee_differs', deep: '/breaks?type=fee_differs&skip=100' },
    { name: 'breaks, overdue', first: '/breaks?overdue=yes' },
    { name: 'breaks, partner', first: '/breaks?partner=p33' },
    { name: 'one break', first: `/breaks/${first.broken}` },
    { name: 'one statement', first: '/reconciliation/statements/90' },
    { name: 'one batch, running', first: '/batches/3' },
    { name: 'one batch, checked', first: '/batches/1' },
    { name: 'one batch, results', first: '/batches/5/results.csv' },
    { name: 'one plan', first: '/plans/5' },
    { name: 'one delivery', first: `/deliveries/${first.event}` },
    { name: 'wallets', first: '/partners/p01/wallets' },
    { name: 'one partner', first: '/partners/p01' },
    { name: 'deliveries', first: '/partners/p01/deliveries' },
    { name: 'deliveries, given up', first: '/partners/p01/deliveries?state=given_up' },
    { name: 'report', first: '/reconciliation/report' },
  ]
}
