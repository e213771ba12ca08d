import { parsedBy } from '../../cli/options.ts'

/** The number of a change request. */
export const requestNumber = parsedBy(
  (text) => (/^[1-9]\d{0,8}$/.test(text) ? Number(text) : null),
  'the number of a request, such as 1',
)
