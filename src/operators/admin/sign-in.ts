import { hash } from 'node:crypto'
import { sql } from 'drizzle-orm'
import type { Session } from '../../postgres/session.ts'
import { nullable, statement, type } from '../../postgres/statement.ts'
import { auditedTransaction, type CommandResult, type Person, refused } from '../person-commands.ts'
import { installation } from '../schema.ts'

const invite = statement(
  'invite_operator',
  { name: type.text, codeHash: type.text, note: nullable(type.text) },
  (db, { name, codeHash, note }) =>
    db.select({ name: sql<string>`invite_operator(${name}, ${codeHash}, ${note})` }).from(installation),
)

const link = statement(
  'link_account',
  { name: type.text, issuer: type.text, subject: type.text, note: nullable(type.text) },
  (db, { name, issuer, subject, note }) =>
    db
      .select({ waits: sql<boolean>`link_account(${name}, ${issuer}, ${subject}, ${note})` })
      .from(installation),
)

const confirm = statement(
  'confirm_sign_in',
  { name: type.text, mark: type.text, note: nullable(type.text) },
  (db, { name, mark, note }) =>
    db.select({ isConfirmed: sql<boolean>`confirm_sign_in(${name}, ${mark}, ${note})` }).from(installation),
)

const revoke = statement(
  'revoke_sign_in',
  { name: type.text, note: nullable(type.text) },
  (db, { name, note }) =>
    db.select({ count: sql<number>`revoke_sign_in(${name}, ${note})` }).from(installation),
)

/**
 * Lets an operator set a password at the console: oneself, or another by an admin. The password before ends at once.
 * @returns the code, which is good once and for a day; Postgres stores its hash
 */
export async function inviteOperator(
  session: Session,
  person: Person,
  name: string,
  random: (bytes: number) => Uint8Array,
): Promise<CommandResult<{ code: string }>> {
  const code = `gpi_${Buffer.from(random(32)).toString('base64url')}`
  return await auditedTransaction(session, person, async () => {
    await invite(session, { name, codeHash: hash('sha256', code), note: person.note })
    return { is: 'done', code }
  })
}

/** Links an account at an OpenID Connect provider to an operator, instead of the one before. */
export async function linkAccount(
  session: Session,
  person: Person,
  name: string,
  { issuer, subject }: { readonly issuer: string; readonly subject: string },
): Promise<CommandResult<{ waits: boolean }>> {
  return await auditedTransaction(session, person, async () => {
    const [row] = await link(session, { name, issuer, subject, note: person.note })
    return { is: 'done', waits: row?.waits === true }
  })
}

/** Confirms what an operator signs in by, for whoever did not give it. @param mark what the operator reads out */
export async function confirmSignIn(
  session: Session,
  person: Person,
  name: string,
  mark: string,
): Promise<CommandResult<object>> {
  return await auditedTransaction(session, person, async () => {
    const [row] = await confirm(session, { name, mark, note: person.note })
    return row?.isConfirmed === true
      ? { is: 'done' }
      : refused(
          `nothing of ${name} with the mark ${mark} waits: if the operator reads this mark to you, somebody else set the password; run \`goldpro operator invite\` again`,
        )
  })
}

/** Ends everything that an operator signs in by at the console, and every session. The tokens stay. */
export async function revokeSignIn(
  session: Session,
  person: Person,
  name: string,
): Promise<CommandResult<{ count: number }>> {
  return await auditedTransaction(session, person, async () => {
    const [row] = await revoke(session, { name, note: person.note })
    return { is: 'done', count: row?.count ?? 0 }
  })
}
