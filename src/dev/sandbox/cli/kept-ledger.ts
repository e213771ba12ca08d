import { errorCode, Failure } from '../../../cli/failure.ts'
import { claim } from '../../embedded-postgres/claim.ts'
import type { Journal } from '../journal.ts'
import { openJournal } from '../journal.ts'

/** A sandbox's ledger file, claimed for this process, because two sandboxes would overwrite each other. */
export interface KeptLedger {
  readonly journal: Journal
  readonly transactions: number
  /** Gives up the claim. The sandbox closes the file. */
  release(): void
}

/**
 * Opens or creates the file of a sandbox's ledger.
 * @param seed of a new file
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
      `cannot write beside ${file} (${errorCode(error)}): name a file in a folder that you may write to`,
    )
  }
}
