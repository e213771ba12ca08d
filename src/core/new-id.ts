import { randomBytes } from 'node:crypto'
import { timeOrderedId } from './time-ordered-id.ts'

/** Draws the id of a new order, by this process's clock. */
export const newOrderId = (): string => timeOrderedId(Date.now(), randomBytes(10))
