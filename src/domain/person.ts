/**
 * Whether two names are one person's, for decisions that need a second one: a space more or a capital is no second person.
 * Postgres compares the same way, and refuses where the two should ever disagree about a letter.
 */
export const isSamePerson = (a: string, b: string): boolean => folded(a) === folded(b)

/** Whether a name is spelled as that of a holder of a partner's keys: `<partner>/<holder>`. */
export const isHolderOf = (partner: string, name: string): boolean =>
  folded(name).startsWith(`${folded(partner)}/`)

const folded = (name: string) => name.replace(/\s/g, '').toLowerCase()
