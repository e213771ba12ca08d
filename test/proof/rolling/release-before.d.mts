export interface KnownMigration {
  readonly tag: string
  readonly hash: string
}
export class NoReleaseBefore extends Error {}
export function newestTag(): string | null
export function hashesIn(folder: string): KnownMigration[]
export function countAdded(
  earlier: readonly KnownMigration[],
  later: readonly KnownMigration[],
  ref: string,
): number
export function buildRelease(ref: string): { main: string; added: number; end(): void }
