import type { z } from 'zod'
import type { CommandResult } from '../operators/person-commands.ts'
import type { StatementRunner } from '../postgres/pool.ts'
import type { ChangeKindName } from './enums.ts'

/** Who made a change, for the audit of what it changes. */
export interface ApprovedBy {
  readonly requestId: number
  readonly proposedBy: string
  readonly approvedBy: string
}

/** One kind of change that takes two people. `processes/change-kinds.ts` lists them all. */
export interface ChangeKind<Payload> {
  readonly name: ChangeKindName
  /** Reads what was stored with the request. */
  readonly payload: z.ZodType<Payload>
  /** What is changed: it has at most one open request of this kind. */
  subjectOf(payload: Payload): string
  /** The change as a sentence for people, without an unmasked phone number. */
  describe(payload: Payload): string
  /** What the change starts from. When it differs between proposal and approval, the approval is refused. */
  readCurrent(runner: StatementRunner, payload: Payload): Promise<Readonly<Record<string, unknown>>>
  /** Carries the change out, in the transaction of the approval. A refusal leaves the request open. */
  apply(runner: StatementRunner, payload: Payload, by: ApprovedBy): Promise<CommandResult<object>>
}

/** A kind whose payload only itself can read. */
export interface AnyChangeKind {
  readonly name: ChangeKindName
  describe(payload: unknown): string
  readCurrent(runner: StatementRunner, payload: unknown): Promise<Readonly<Record<string, unknown>>>
  apply(runner: StatementRunner, payload: unknown, by: ApprovedBy): Promise<CommandResult<object>>
}

/** The kind for callers that hold stored payloads: each is read strictly before it is used. */
export function anyChangeKind<Payload>(kind: ChangeKind<Payload>): AnyChangeKind {
  return {
    name: kind.name,
    describe: (payload) => kind.describe(kind.payload.parse(payload)),
    readCurrent: (runner, payload) => kind.readCurrent(runner, kind.payload.parse(payload)),
    apply: (runner, payload, by) => kind.apply(runner, kind.payload.parse(payload), by),
  }
}
