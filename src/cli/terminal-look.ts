import type { WriteStream } from 'node:tty'
import type { TableLook } from './table.ts'

/**
 * What a terminal can show. Elsewhere, as in a file or a pipe, tables are whole and have no colour; nor have they one where
 * NO_COLOR is set (no-color.org).
 * @param isWide somebody wants texts whole
 */
export function terminalLook(
  stream: Pick<WriteStream, 'isTTY' | 'columns' | 'hasColors'>,
  isWide: boolean,
): Pick<TableLook, 'width' | 'hasColour'> {
  if (!stream.isTTY) return { width: null, hasColour: false }
  return { width: isWide ? null : stream.columns, hasColour: stream.hasColors() }
}
