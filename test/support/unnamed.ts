import type { Statement } from '../../src/postgres/pool.ts'

/** A statement that a test writes for itself: planned anew each time, for no other has its text. */
export const unnamed = (text: string): Statement => ({ name: '', text })
