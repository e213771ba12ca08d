/** Switches, the breaker and the recovery of a restored database. */
export const SWITCH_TEXTS = {
  'switches.none': ['Tidak ada yang ditutup: order berjalan.', 'Nothing is closed: orders run.'],
  'switches.closed': ['ditutup', 'closed'],
  'switches.opened': ['Dibuka', 'Opened'],
  'switches.waiting': ['Order yang menunggu', 'Orders waiting'],
  'switches.scope': ['Apa', 'What'],
  'switches.extends': [
    'Perpanjang batas waktu order yang menunggu',
    'Extend the deadlines of orders that wait',
  ],
} as const
