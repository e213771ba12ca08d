/**
 * What a workbook may need at most. Its sender decides what it unpacks to, so every size is bounded before memory or time is
 * spent on it.
 */
export const LIMITS = {
  /** Bytes of the file as it arrives. */
  packedBytes: 512 * 1024 * 1024,
  /** Bytes of all parts that are read, unpacked. A sheet of a million rows has about half of it. */
  unpackedBytes: 1024 * 1024 * 1024,
  /** Bytes of a part that is held in memory as a whole: the list of sheets, the styles. */
  smallPartBytes: 16 * 1024 * 1024,
  /**
   * A part may always unpack to this many bytes, and beyond that to so many times its packed size. Sheets of random ids and
   * figures pack 7 to 8 times; what repeats itself packs better.
   */
  freeBytes: 16 * 1024 * 1024,
  ratio: 200,
  entries: 4_096,
  /** As many as a spreadsheet has. */
  rows: 1_048_576,
  columns: 1_000,
  /** Characters of one row, as in CSV. */
  rowLength: 64 * 1024,
  /** Characters between two tags: a cell has at most 32,767, each of which XML may write with several. */
  textLength: 512 * 1024,
  depth: 64,
  sharedStrings: 4 * 1024 * 1024,
  sharedBytes: 128 * 1024 * 1024,
  merges: 10_000,
  styles: 65_536,
} as const
