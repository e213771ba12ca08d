/** Approvals and the audit. */
export const DECISION_TEXTS = {
  'approvals.waiting': ['Menunggu keputusan', 'Waiting for a decision'],
  'approvals.none': [
    'Tidak ada yang menunggu. Yang diusulkan seseorang, seperti hapus buku, penyelesaian, atau batch, muncul di sini.',
    'Nothing waits. What somebody proposes, such as a write-off, a settlement or a batch, appears here.',
  ],
  'approvals.hash': ['Hash isi usulan', 'Content hash'],
  'approvals.changed': ['Perubahan sejak diusulkan', 'Changed since it was proposed'],
  'approvals.unchanged': ['tidak ada', 'nothing'],
  'approvals.seen': ['Yang dilihat pengusul', 'What the proposer saw'],
  'approvals.group': [
    '{n} selisih dihapus buku bersama, {rupiah}',
    '{n} breaks to write off together, {rupiah}',
  ],
  'approvals.decided': ['Keputusan terakhir', 'Decided lately'],
  'approvals.alone': ['TANPA ORANG KEDUA', 'NO SECOND PERSON'],
  'approvals.gone': [
    'Usulan ini bukan lagi yang Anda lihat. Periksa halaman ini lagi.',
    'This proposal is no longer what you saw. Look at this page again.',
  ],
  'audit.action.hint': [
    'Misalnya approve, orders cancel, masuk',
    'Such as approve, orders cancel, signed in',
  ],
  'audit.subject.hint': [
    'ID atau nama. Perintah di terminal tidak menyebutnya di sini.',
    'An id or a name. Commands of the command line do not name it here.',
  ],
  'audit.cut': [
    'Halaman ini telah membaca {n} baris tanpa menemukan lebih banyak. Cari lebih jauh ke belakang:',
    'This page has read {n} rows without finding more. Search further back:',
  ],
  'audit.older': ['Cari lebih lama', 'Search older rows'],
  'audit.none': ['Belum ada.', 'Nothing yet.'],
  'audit.declared': ['(nama dinyatakan, tidak dibuktikan)', '(a declared name, not proven)'],
} as const
