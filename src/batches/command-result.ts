/**
 * Why something is not done: the batch is not in a state for it, it needs a second person, a plan has the batch, its
 * rows are not those that were looked at, or there is no such batch.
 */
export type BatchRefusal = 'state' | 'second_person' | 'plan' | 'content' | 'absent'

/** The answer to a person: done, or a sentence why not. */
export type BatchAnswer<T = object> =
  | ({ readonly is: 'done' } & T)
  | { readonly is: 'refused'; readonly why: BatchRefusal; readonly message: string }

export const refused = (why: BatchRefusal, message: string) => ({ is: 'refused', why, message }) as const

/** Who does something, and what they say about it. */
export interface BatchPerson {
  /** A name, declared and not proven; or `<partner>/<holder>`, proven by a key. */
  readonly by: string
  readonly note: string | null
  readonly isProven?: true
}
