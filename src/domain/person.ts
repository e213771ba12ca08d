/** Whether two names are one person's, for decisions that need a second one. Postgres compares the same way. */
export const isSamePerson = (a: string, b: string): boolean =>
  a.trim().toLowerCase() === b.trim().toLowerCase()
