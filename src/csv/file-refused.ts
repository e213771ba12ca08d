/** A file that cannot be read. The message says why and what to do. Nothing of the file was stored. */
export class FileRefused extends Error {
  override name = 'FileRefused'
}
