/** A statement is refused as a whole. The message says why, and what to do. */
export class StatementRefused extends Error {
  override name = 'StatementRefused'
}
