/**
 * Whether two names are one person's, for decisions that need a second one: a space more or a capital is no second person.
 * Postgres compares the same way, and refuses where the two should ever disagree about a letter.
 */
export const isSamePerson = (a: string, b: string): boolean => folded(a) === folded(b)

const folded = (name: string) => name.replace(/\s/g, '').toLowerCase()
