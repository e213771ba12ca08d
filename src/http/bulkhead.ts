/** One of the slots that may be taken at once. */
export interface Slot {
  /** Counts the slot as this partner's; false when the partner then has more than its share. */
  assign(partner: string): boolean
  /** Releases the slot. Calling it again does nothing. */
  release(): void
}

export type SlotResult =
  | { readonly is: 'taken'; readonly slot: Slot }
  /** Every slot is taken, and no more may wait. */
  | { readonly is: 'full' }
  /** The partner has taken its share. */
  | { readonly is: 'share_used' }

/**
 * Bounds how many pieces of work run at once, in all and for one partner. Overload is refused instead of queued, and one
 * partner cannot keep the others out.
 */
export interface Bulkhead {
  /** Takes a slot for work whose partner is not known yet; `assign` sets it later. Null: every slot is taken. */
  takeUnassigned(): Slot | null
  take(partner: string): SlotResult
  /** As `take`, but waits for a slot when every one is taken. An aborted wait returns `full`. */
  takeInTurn(partner: string, signal: AbortSignal): Promise<SlotResult>
}

export interface BulkheadOptions {
  readonly slots: number
  /** The share of one partner, waiting included. */
  readonly slotsPerPartner: number
  /** How many may wait for a slot. Default: none. */
  readonly queueLimit?: number
}

export function createBulkhead({ slots, slotsPerPartner, queueLimit = 0 }: BulkheadOptions): Bulkhead {
  const byPartner = new Map<string, number>()
  const queue = new Set<() => void>()
  let taken = 0
  const sharesOf = (partner: string) => byPartner.get(partner) ?? 0
  const count = (partner: string, change: 1 | -1) => {
    const shares = sharesOf(partner) + change
    if (shares > 0) byPartner.set(partner, shares)
    else byPartner.delete(partner)
  }
  const giveBack = () => {
    const [next] = queue
    if (next === undefined) {
      taken -= 1
      return
    }
    // The slot passes to the longest waiter.
    queue.delete(next)
    next()
  }
  const slotOf = (owner: string | null): Slot => {
    let partner = owner
    let isHeld = true
    return {
      assign(named) {
        if (!isHeld) return true
        partner = named
        count(named, 1)
        return sharesOf(named) <= slotsPerPartner
      },
      release() {
        if (!isHeld) return
        isHeld = false
        if (partner !== null) count(partner, -1)
        giveBack()
      },
    }
  }
  const take = (partner: string): SlotResult => {
    if (sharesOf(partner) >= slotsPerPartner) return { is: 'share_used' }
    if (taken >= slots) return { is: 'full' }
    taken += 1
    count(partner, 1)
    return { is: 'taken', slot: slotOf(partner) }
  }
  return {
    takeUnassigned() {
      if (taken >= slots) return null
      taken += 1
      return slotOf(null)
    },
    take,
    async takeInTurn(partner, signal) {
      if (signal.aborted) return { is: 'full' }
      const atOnce = take(partner)
      if (atOnce.is !== 'full' || queue.size >= queueLimit) return atOnce
      count(partner, 1)
      if (await waitForTurn(queue, signal)) return { is: 'taken', slot: slotOf(partner) }
      count(partner, -1)
      return { is: 'full' }
    },
  }
}

/** Whether the turn came before the wait was aborted. */
function waitForTurn(queue: Set<() => void>, signal: AbortSignal): Promise<boolean> {
  return new Promise((resolve) => {
    const take = () => {
      signal.removeEventListener('abort', leave)
      resolve(true)
    }
    const leave = () => {
      queue.delete(take)
      resolve(false)
    }
    queue.add(take)
    signal.addEventListener('abort', leave, { once: true })
  })
}
