import type { Submission } from '../../orders/submission.ts'

/** The references of a file so far, per partner. The one thing that grows with the file. */
export class SeenReferences {
  readonly #lines = new Map<string, Map<string, number>>()

  /** Remembers a row's reference; if it was there before, tells its line. */
  add({ partner, reference }: Submission, lineNumber: number): number | null {
    const lines = this.#lines.get(partner) ?? new Map<string, number>()
    this.#lines.set(partner, lines)
    const earlier = lines.get(reference)
    if (earlier === undefined) lines.set(reference, lineNumber)
    return earlier ?? null
  }
}
