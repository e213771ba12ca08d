interface Hashed {
  readonly contentHash: string
}

/**
 * The rule of idempotency: a reference that is sent again with the same content is the order it was, with other content
 * it is a conflict and the first order stands. Erasing a final withdrawal's personal data leaves its hash.
 */
export const hasSameContent = (known: Hashed, sent: Hashed): boolean => known.contentHash === sent.contentHash
