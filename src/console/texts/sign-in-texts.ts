/** Signing in, and setting up what an operator signs in by. */
export const SIGN_IN_TEXTS = {
  sign_in: ['Masuk', 'Sign in'],
  sign_out: ['Keluar', 'Sign out'],
  'sign_in.name': ['Nama', 'Name'],
  'sign_in.password': ['Kata sandi', 'Password'],
  'sign_in.code': ['Kode enam angka', 'Six-digit code'],
  'sign_in.code.hint': [
    'Dari aplikasi TOTP Anda, atau salah satu kode pemulihan Anda.',
    'From your TOTP app, or one of your recovery codes.',
  ],
  'sign_in.refused': [
    'Nama, kata sandi, dan kode tidak cocok, atau kodenya sudah dipakai. Tunggu kode berikutnya. Bila ponsel Anda hilang, mintalah undangan baru kepada admin.',
    'Name, password and code do not match, or the code was used already. Wait for the next code. If you lost your phone, ask an admin for a new invitation.',
  ],
  'sign_in.throttled': [
    'Terlalu banyak percobaan gagal. Coba lagi dalam {n} detik.',
    'Too many failed attempts. Try again in {n} seconds.',
  ],
  'sign_in.waiting': [
    'Ini harus dikonfirmasi dulu. Bacakan tanda {mark} kepada admin lain daripada yang mengundang Anda, atau jalankan `goldpro operator confirm` dengan token Anda sendiri.',
    'This must be confirmed first. Read the mark {mark} to another admin than the one who invited you, or run `goldpro operator confirm` with your own token.',
  ],
  'sign_in.what': [
    'Konsol operasi: order, uang yang belum jelas, dan keputusan yang menunggu.',
    'The operations console: orders, money in doubt, and decisions that wait.',
  ],
  'sign_in.development': ['Mode pengembangan.', 'Development mode.'],
  'sign_in.development.what': [
    'Nama hanya dinyatakan, tanpa faktor kedua. Jangan pakai untuk uang sungguhan.',
    'Names are only declared, and there is no second factor. Do not use it for real money.',
  ],
  'account.sign_in': ['Masuk dengan akun perusahaan', 'Sign in with your company account'],
  'account.go_on': ['Lanjut', 'Go on'],
  'account.unreachable': [
    'Penyedia akun tidak dapat dihubungi. Coba lagi sebentar.',
    'The provider of accounts cannot be reached. Try again in a moment.',
  ],
  'account.stale': [
    'Proses masuk ini tidak dimulai di peramban ini, atau lebih dari 10 menit lalu. Mulai lagi.',
    'This sign-in was not begun in this browser, or more than 10 minutes ago. Begin again.',
  ],
  'account.refused': [
    'Jawaban penyedia akun tidak membuktikan siapa pun. Mulai lagi; bila terulang, tunjukkan kepada admin.',
    'The answer of the provider proves nobody. Begin again; if it fails again, tell an admin.',
  ],
  'account.unknown': ['Akun ini bukan milik operator', 'This account is no operator’s'],
  'account.unknown.what': [
    'Penyedia mengenal Anda, tetapi akun ini belum dihubungkan. Berikan baris di bawah kepada admin.',
    'The provider knows you, but this account is linked to no operator. Give the line below to an admin.',
  ],
  'enrol.title': ['Kata sandi untuk {name}', 'A password for {name}'],
  'enrol.password.what': [
    'Undangan ini berlaku sekali. Pilih kata sandi, lalu hubungkan aplikasi TOTP.',
    'This invitation is good once. Choose a password, then connect a TOTP app.',
  ],
  'enrol.password.hint': [
    'Dari 12 sampai 256 huruf. Beberapa kata yang tidak berhubungan lebih baik daripada satu kata dengan tanda.',
    'From 12 to 256 characters. A few unrelated words are better than one word with signs.',
  ],
  'enrol.again': ['Kata sandi sekali lagi', 'The password again'],
  'enrol.next': ['Lanjut', 'Next'],
  'enrol.finish': ['Selesai', 'Finish'],
  'enrol.code.title': ['Undangan', 'Invitation'],
  'enrol.code.what': [
    'Masukkan kode undangan dari admin Anda (`goldpro operator invite`).',
    'Type the code of the invitation that an admin gave you (`goldpro operator invite`).',
  ],
  'enrol.code': ['Kode undangan', 'Invitation code'],
  'enrol.totp.title': ['Aplikasi TOTP', 'TOTP app'],
  'enrol.totp.what': [
    'Pindai kode ini dengan aplikasi TOTP Anda, atau ketik rahasianya. Lalu ketik kode yang ditampilkan aplikasi.',
    'Scan this code with your TOTP app, or type the secret. Then type the code that the app shows.',
  ],
  'enrol.totp.qr': ['Kode QR dengan rahasia TOTP', 'QR code of the TOTP secret'],
  'enrol.totp.secret': ['Rahasia:', 'Secret:'],
  'enrol.totp.open': ['Buka di aplikasi pada perangkat ini', 'Open in an app on this device'],
  'enrol.totp.code': ['Kode enam angka', 'Six-digit code'],
  'enrol.done': ['Simpan kode pemulihan Anda', 'Keep your recovery codes'],
  'enrol.recovery.what': [
    'Setiap kode menggantikan aplikasi TOTP satu kali. Simpan di tempat lain daripada kata sandi Anda. Kode ini tidak ditampilkan lagi.',
    'Each code stands in for the TOTP app once. Keep them elsewhere than your password. They are not shown again.',
  ],
  'enrol.refused': ['Undangan ini tidak berlaku', 'This invitation is not valid'],
  'enrol.problem.unknown': [
    'Kode ini tidak dikenal. Salin seluruh alamatnya, atau mintalah undangan baru kepada admin.',
    'There is no such invitation. Copy the whole address, or ask an admin for a new one.',
  ],
  'enrol.problem.used': [
    'Undangan ini sudah dipakai. Bila bukan oleh Anda, beri tahu admin sekarang.',
    'This invitation was used. If it was not you, tell an admin now.',
  ],
  'enrol.problem.expired': [
    'Undangan berlaku 24 jam. Mintalah yang baru kepada admin.',
    'An invitation is good for 24 hours. Ask an admin for a new one.',
  ],
  'enrol.problem.revoked': [
    'Undangan ini dicabut, misalnya oleh yang lebih baru. Mintalah yang baru kepada admin.',
    'This invitation is revoked, such as by a newer one. Ask an admin for a new one.',
  ],
  'enrol.problem.password_short': [
    'Kata sandi terlalu pendek atau terlalu seragam: minimal 12 huruf.',
    'The password is too short or too uniform: it takes at least 12 characters.',
  ],
  'enrol.problem.password_long': [
    'Kata sandi terlalu panjang: paling banyak 256 huruf.',
    'The password is too long: it has at most 256 characters.',
  ],
  'enrol.problem.password_name': [
    'Kata sandi hampir hanya terdiri dari nama Anda.',
    'The password is little more than your name.',
  ],
  'enrol.problem.password_again': ['Kedua kata sandi berbeda.', 'The two passwords differ.'],
  'enrol.problem.code': [
    'Kode itu bukan kode saat ini. Periksa jam ponsel Anda, lalu ketik kode berikutnya.',
    'That is not the present code. Check the clock of your phone, and type the next code.',
  ],
} as const
