/** Why a file is not read, in a sentence that says what to do. Nothing of it was kept. */
export class FileRefused extends Error {
  override name = 'FileRefused'
}
