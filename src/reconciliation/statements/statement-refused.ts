/** A statement is refused as a whole. The message says why, and what to do. */
export class StatementRefused extends Error {
  override name = 'StatementRefused'
}

/** A current statement of the source has exactly this content. */
export class AlreadyImported extends StatementRefused {
  override name = 'AlreadyImported'
}

/** The file is not as the mapping says: another mapping, or a new one, may read it. */
export class MappingMismatch extends StatementRefused {
  override name = 'MappingMismatch'
}
