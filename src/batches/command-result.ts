/**
 * Why a command is refused: `state`, the batch is not in a state for it; `second_person`, another person is needed;
 * `plan`, the batch belongs to a plan; `content`, its rows are not the expected ones; `absent`, there is no such batch.
 */
export type CommandRefusal = 'state' | 'second_person' | 'plan' | 'content' | 'absent'

/** The result of a person's command: done, or a sentence that says why not. */
export type CommandResult<T = object> =
  | ({ readonly is: 'done' } & T)
  | { readonly is: 'refused'; readonly why: CommandRefusal; readonly message: string }

export const refused = (why: CommandRefusal, message: string) => ({ is: 'refused', why, message }) as const

/** The person who gives a command, and a note of theirs. */
export interface CommandPerson {
  /** A declared name; or `<partner>/<holder>`, proven by a key. */
  readonly by: string
  readonly note: string | null
  readonly isProven?: true
}
