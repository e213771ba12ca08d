/** The answer to a person: done, or a sentence why not. */
export type BatchAnswer<T = object> =
  | ({ readonly is: 'done' } & T)
  | { readonly is: 'refused'; readonly because: string }

export const refused = (because: string) => ({ is: 'refused', because }) as const

/** Who does something, and what they say about it. Names are declared, not proven. */
export interface BatchPerson {
  readonly by: string
  readonly note: string | null
}
