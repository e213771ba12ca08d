/** Batches and plans. */
export const BATCH_TEXTS = {
  'batches.open': ['Hanya yang belum selesai', 'Only those that have not ended'],
  'batches.all': ['Juga yang sudah selesai', 'Also those that have ended'],
  'batches.none': ['Tidak ada batch.', 'No batches.'],
  'batches.preview': ['Yang akan dilakukan', 'What it would do'],
  'batches.estimated': ['Perkiraan rupiah', 'More rupiah, estimated'],
  'batches.warnings': [
    'Referensi yang sudah menjadi order: {known}; bertentangan: {conflicts}; lewat batas waktu: {overdue}; dompet berulang: {wallets}',
    'References that are orders already: {known}; conflicts: {conflicts}; past their deadline: {overdue}; repeated wallets: {wallets}',
  ],
  'plans.none': ['Tidak ada jadwal.', 'No plans.'],
  'plans.due': ['Jadwal', 'Due'],
  'plans.runs': ['Jatuh tempo', 'Due times'],
  'plans.no_runs': ['Belum ada.', 'None yet.'],
} as const
