/** The program's names, with what people write instead. */
const ALIASES: Readonly<Record<string, readonly string[]>> = {
  phone_number: ['phone', 'phonenumber', 'msisdn', 'mobile', 'wallet', 'nomor', 'hp', 'no_hp', 'telepon'],
  gold_weight: ['gram', 'grams', 'weight', 'gold', 'berat', 'goldweight', 'emas'],
  amount: ['rupiah', 'idr', 'nominal', 'jumlah', 'total', 'value'],
  reference: ['ref', 'reference_id', 'external_id', 'order_ref', 'referensi', 'client_ref'],
  kind: ['type', 'side', 'jenis', 'order_type'],
  partner: ['partner_id', 'client', 'merchant', 'mitra'],
  recipient: ['to', 'receiver', 'penerima', 'recipient_phone', 'destination'],
  remarks: ['note', 'notes', 'remark', 'keterangan', 'catatan', 'message'],
  deadline: ['expires_at', 'expiry', 'valid_until', 'due', 'batas_waktu'],
  ktp: ['nik', 'id_card', 'ktp_number', 'no_ktp'],
  zip_code: ['zip', 'zipcode', 'postal_code', 'postcode', 'kode_pos'],
  max_price_per_gram: ['max_price', 'price'],
  min_price_per_gram: ['min_price', 'price'],
  province: ['provinsi', 'propinsi'],
  city: ['kota', 'kabupaten'],
  district: ['kecamatan'],
  subdistrict: ['kelurahan', 'desa'],
  buy: ['beli', 'beli_emas', 'purchase'],
  sell: ['jual', 'jual_emas'],
  transfer: ['kirim', 'kirim_emas', 'transfer_emas', 'send'],
  withdraw: ['tarik', 'tarik_emas', 'withdrawal', 'cetak', 'cetak_emas'],
}

const MAX_WORD_LENGTH = 40
const MAX_EDITS = 2

/** `: did you mean phone_number?` if one of the words is close; else empty. */
export function didYouMean(given: unknown, words: readonly string[]): string {
  if (typeof given !== 'string' || given.length > MAX_WORD_LENGTH) return ''
  const meant = closestWord(
    given
      .trim()
      .toLowerCase()
      .replace(/[\s-]+/g, '_'),
    words,
  )
  return meant === null ? '' : `: did you mean ${meant}?`
}

function closestWord(given: string, words: readonly string[]): string | null {
  const alias = words.find((word) => word === given || ALIASES[word]?.includes(given))
  if (alias !== undefined) return alias
  // The name of another field, such as a sell's min_price_per_gram in a buy, is not a misspelling.
  if (Object.hasOwn(ALIASES, given)) return null
  const near = words
    .map((word) => ({ word, edits: editsBetween(given, word.toLowerCase()) }))
    // Two edits turn almost any word of three letters into any other.
    .filter(({ word, edits }) => edits <= MAX_EDITS && edits * 2 < word.length)
    .sort((one, other) => one.edits - other.edits)
  return near[0]?.word ?? null
}

/** The Damerau–Levenshtein distance: letters to add, remove, replace or swap with their neighbour. */
export function editsBetween(one: string, other: string): number {
  if (Math.abs(one.length - other.length) > MAX_EDITS) return Number.POSITIVE_INFINITY
  let before: number[] = []
  let row = Array.from({ length: other.length + 1 }, (_, column) => column)
  for (let line = 1; line <= one.length; line += 1) {
    const next = [line]
    for (let column = 1; column <= other.length; column += 1) {
      const cost = one[line - 1] === other[column - 1] ? 0 : 1
      let edits = Math.min(at(row, column) + 1, at(next, column - 1) + 1, at(row, column - 1) + cost)
      const isSwapped = one[line - 1] === other[column - 2] && one[line - 2] === other[column - 1]
      if (line > 1 && column > 1 && isSwapped) edits = Math.min(edits, at(before, column - 2) + 1)
      next.push(edits)
    }
    before = row
    row = next
  }
  return at(row, other.length)
}

const at = (row: readonly number[], column: number): number => row[column] ?? Number.POSITIVE_INFINITY
