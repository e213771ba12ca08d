/** Why a statement is not imported, in a sentence that says what to do. Nothing of it was kept. */
export class StatementRefused extends Error {
  override name = 'StatementRefused'
}
