import type { OrderKind } from '../../../orders/command.ts'
import { folded, type LineField } from '../mapping.ts'

/** How surely a word of a heading tells the field. */
type Weight = 1 | 2 | 3

/** The words of headings, English and Indonesian. A heading has a field's words when all of one entry are among its own. */
const HEADINGS: Readonly<Record<LineField, Readonly<Record<Weight, readonly string[]>>>> = {
  session_id: {
    3: ['session id', 'id sesi', 'sesi id', 'no sesi', 'nomor sesi', 'session', 'sesi'],
    2: [],
    1: [
      'referensi',
      'reference',
      'ref',
      'id transaksi',
      'no transaksi',
      'nomor transaksi',
      'transaction id',
      'trx id',
    ],
  },
  response_id: { 3: ['response id', 'id respons', 'no respons', 'respons', 'response'], 2: [], 1: [] },
  request_id: {
    3: ['request id', 'id permintaan', 'no permintaan', 'permintaan', 'request', 'quote id', 'id kuotasi'],
    2: [],
    1: [],
  },
  kind: {
    3: ['jenis transaksi', 'tipe transaksi', 'transaction type', 'jenis', 'tipe', 'type', 'kind'],
    2: ['operation', 'operasi', 'aktivitas'],
    1: ['transaksi', 'keterangan', 'description'],
  },
  phone_number: {
    3: ['phone', 'msisdn', 'telepon', 'telp', 'tlp', 'hp', 'handphone', 'ponsel', 'mobile', 'whatsapp'],
    2: ['wallet', 'dompet'],
    1: ['akun', 'account', 'customer', 'nasabah', 'pelanggan'],
  },
  gold_weight: {
    3: ['gold weight', 'weight', 'berat', 'gramasi', 'gram', 'grams', 'gr'],
    2: ['emas', 'gold'],
    1: ['qty', 'quantity', 'kuantitas'],
  },
  amount: {
    3: ['amount', 'nominal'],
    2: ['jumlah', 'nilai'],
    // The unit of money is also that of fees: "Biaya (Rp)".
    1: ['total', 'value', 'rupiah', 'idr', 'rp'],
  },
  fee: { 3: ['fee', 'biaya', 'ongkos'], 2: ['admin'], 1: ['charge', 'commission', 'komisi'] },
  executed_at: {
    3: ['executed at', 'tanggal', 'tgl', 'waktu', 'date', 'time', 'datetime', 'timestamp', 'executed'],
    2: ['jam', 'pukul'],
    1: ['hari'],
  },
}

/** A heading with one of these is another thing: a price, a balance, the recipient of a transfer. */
const OTHER_THINGS = [
  'harga',
  'price',
  'saldo',
  'balance',
  'penerima',
  'recipient',
  'tujuan',
  'kurs',
  'rate',
  'pajak',
  'tax',
]

const KIND_WORDS: Readonly<Record<OrderKind, readonly string[]>> = {
  buy: ['buy', 'beli', 'pembelian', 'membeli', 'purchase', 'bought'],
  sell: ['sell', 'jual', 'penjualan', 'menjual', 'sale', 'sold', 'buyback'],
  transfer: ['transfer', 'kirim', 'pengiriman', 'send', 'sent'],
  withdraw: ['withdraw', 'withdrawal', 'tarik', 'penarikan', 'cetak', 'pencetakan', 'ambil', 'pengambilan'],
}

/** The words of a text, without signs: "No. HP (Nasabah)" → no, hp, nasabah. */
function wordsOf(text: string): readonly string[] {
  return folded(text)
    .split(/[^\p{L}\p{N}]+/u)
    .filter((word) => word !== '')
}

/** How surely a heading names a field: 0 not at all, 4 in so many words. */
export function headingScore(heading: string, field: LineField): number {
  const words = wordsOf(heading)
  if (words.some((word) => OTHER_THINGS.includes(word))) return 0
  for (const weight of [3, 2, 1] as const) {
    const found = HEADINGS[field][weight].find((entry) =>
      entry.split(' ').every((word) => words.includes(word)),
    )
    if (found === undefined) continue
    return weight === 3 && found.split(' ').length === words.length ? 4 : weight
  }
  return 0
}

/** The kind that a word of the file stands for; null when it is none's, or that of several. */
export function kindOfWord(text: string): OrderKind | null {
  const words = wordsOf(text)
  const kinds = (Object.keys(KIND_WORDS) as OrderKind[]).filter((kind) =>
    KIND_WORDS[kind].some((word) => words.includes(word)),
  )
  const [kind] = kinds
  return kind !== undefined && kinds.length === 1 ? kind : null
}
