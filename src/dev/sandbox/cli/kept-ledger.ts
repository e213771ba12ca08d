import { errorCode, Failure } from '../../../cli/failure.ts'
import { claim } from '../../embedded-postgres/claim.ts'
import type { Journal } from '../journal.ts'
import { openJournal } from '../journal.ts'

/** A sandbox's ledger file, claimed for this process: two sandboxes would write over each other. */
export interface KeptLedger {
  readonly journal: Journal
  readonly transactions: number
  /** Lets others have the file; the sandbox closes it. */
  release(): void
}

/**
 * Opens the file a sandbox's ledger is kept in, and begins one where there is none.
 * @param seed for a new one
 */
export function openKeptLedger(file: string, seed: number): KeptLedger {
  const owner = claimLedger(file)
  try {
    const journal = openJournal(file, seed, new Date())
    return {
      journal,
      transactions: journal.past.filter(({ is }) => is === 'executed').length,
      release: () => owner.release(),
    }
  } catch (error) {
    owner.release()
    throw error
  }
}

function claimLedger(file: string) {
  try {
    return claim(
      `${file}.owner.json`,
      (pid) =>
        new Failure(1, `the sandbox's ledger ${file} is in use by process ${pid}: stop that program first`),
    )
  } catch (error) {
    if (error instanceof Failure) throw error
    throw new Failure(
      2,
      `cannot write beside ${file} (${errorCode(error)}): name a file in a folder of yours`,
    )
  }
}
