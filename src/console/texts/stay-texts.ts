import { STAY_REASONS, type StayReason } from '../../reconciliation/enums.ts'

/** Why an order stays in doubt. */
export const STAY_TEXTS = {
  'stay.awaiting_statement': [
    'belum ada laporan lengkap yang mencakup waktu order ini mungkin terlaksana',
    STAY_REASONS.awaiting_statement,
  ],
  'stay.candidate_unclear': [
    'satu baris mungkin transaksinya, tetapi tidak ada bukti baris itu milik order yang mana',
    STAY_REASONS.candidate_unclear,
  ],
  'stay.wallet_unmatched': [
    'satu baris dompetnya, atau dompet penerima transfer, belum punya order',
    STAY_REASONS.wallet_unmatched,
  ],
  'stay.weight_unmatched': [
    'satu baris dengan jenis dan berat yang sama belum punya order',
    STAY_REASONS.weight_unmatched,
  ],
  'stay.amount_unmatched': [
    'satu baris dengan jenis dan rupiah yang sama belum punya order',
    STAY_REASONS.amount_unmatched,
  ],
  'stay.match_unclear': [
    'satu baris yang dicocokkan dengan order lain, bukan lewat ID transaksi, mungkin miliknya',
    STAY_REASONS.match_unclear,
  ],
  'stay.unreadable_line': [
    'satu baris pada waktu itu tidak dapat dibaca, jadi ordernya tidak diketahui',
    STAY_REASONS.unreadable_line,
  ],
  'stay.statement_lacks_ours': [
    'laporan lengkap tidak memuat transaksi yang kita tahu terlaksana: laporan itu tidak lengkap',
    STAY_REASONS.statement_lacks_ours,
  ],
  'stay.times_shifted': [
    'semua baris laporan yang cocok bergeser dengan selisih yang sama: zona waktunya salah',
    STAY_REASONS.times_shifted,
  ],
  'stay.times_contradict': [
    'baris laporan yang cocok punya waktu yang berbeda dari ordernya',
    STAY_REASONS.times_contradict,
  ],
  'stay.wallets_contradict': [
    'baris laporan yang cocok menyebut dompet yang berbeda dari ordernya',
    STAY_REASONS.wallets_contradict,
  ],
  'stay.kinds_contradict': [
    'baris laporan yang cocok menyebut jenis yang berbeda dari ordernya',
    STAY_REASONS.kinds_contradict,
  ],
  'stay.no_witness': [
    'tidak ada baris cocok dalam sehari di sekitarnya yang menunjukkan laporan memuat transaksi kita saat itu',
    STAY_REASONS.no_witness,
  ],
  'stay.kind_unwitnessed': [
    'mapping mengabaikan baris laporan, dan tidak ada baris cocok yang menunjukkan jenis ini terbaca',
    STAY_REASONS.kind_unwitnessed,
  ],
  'stay.completeness_unapproved': [
    'belum ada orang kedua yang menyetujui bahwa laporan lengkap, atau bahwa sumbernya dipercaya',
    STAY_REASONS.completeness_unapproved,
  ],
  'stay.lag_unapproved': [
    'laporan mencakup waktunya hanya dengan jeda yang belum disetujui orang kedua',
    STAY_REASONS.lag_unapproved,
  ],
} as const satisfies Record<`stay.${StayReason}`, readonly [string, string]>
