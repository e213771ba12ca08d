/** Valid job data of each kind, with invented people. Every call gives a reference of its own. */
let count = 0

export const WALLET = '081234500001'
export const RECIPIENT = '081234500002'
export const KTP = '3174999901010001'

function common(overrides: object) {
  count += 1
  return { partner: 'acme', reference: `order-${process.pid}-${count}`, phone_number: WALLET, ...overrides }
}

export const jobData = {
  buy: (overrides: object = {}) => common({ gold_weight: '0.5', ...overrides }),
  buyRupiah: (overrides: object = {}) => common({ amount: 100_000, ...overrides }),
  sell: (overrides: object = {}) => common({ gold_weight: 0.25, ...overrides }),
  transfer: (overrides: object = {}) =>
    common({ gold_weight: 0.1, recipient: RECIPIENT, remarks: 'gift', ...overrides }),
  withdraw: (overrides: object = {}) =>
    common({ gold_weight: 2, ktp: KTP, address: postalAddress(), ...overrides }),
}

export function postalAddress(overrides: object = {}) {
  return {
    province: 'DKI Jakarta',
    city: 'Jakarta Pusat',
    district: 'Gambir',
    subdistrict: 'Duri Pulo',
    address: 'Jl. Contoh 1',
    zip_code: '10140',
    note: 'pagar hijau',
    ...overrides,
  }
}
