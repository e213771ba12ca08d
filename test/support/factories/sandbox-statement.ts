import type { Period } from '../../../src/core/business-days.ts'
import type { Sandbox } from '../../../src/dev/sandbox/sandbox.ts'
import { approveDeclaration, proposeDeclaration } from '../../../src/reconciliation/declarations.ts'
import { inSession } from '../servers/sessions.ts'
import { ANI, BUDI } from './people.ts'
import { importText } from './statement-files.ts'

/** Imports the sandbox's statement, that two people declare complete for a period; and that the sandbox executes at once. */
export async function laySandboxStatement(
  databaseUrl: string,
  sandbox: Pick<Sandbox, 'statementCsv'>,
  period: Period,
): Promise<void> {
  await inSession(databaseUrl, async (session) => {
    const result = await importText(session, sandbox.statementCsv(), { period })
    if (result.is !== 'imported') throw new Error(`not imported: ${JSON.stringify(result)}`)
    const { statementId } = result
    await approveDeclaration(session, { is: 'statement', statementId }, BUDI, false)
    await proposeDeclaration(session, { is: 'lag' }, ANI, 0)
    await approveDeclaration(session, { is: 'lag' }, BUDI, false)
  })
}
