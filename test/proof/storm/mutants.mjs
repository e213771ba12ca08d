// Workers with one safety taken out. If the proof finds nothing in a storm with these, it proves nothing without them.
import { setTimeout as wait } from 'node:timers/promises'

/** How long a verdict waits for another one to be swapped with. */
const SWAP_WITHIN_MS = 200

/** Whoever is not returned an intent sends as well. */
const noFence = (gateway) => ({
  gateway,
  aroundStore: (store) => ({
    ...store,
    async commitIntents(intents, actor) {
      const committed = await store.commitIntents(intents, actor)
      const held = new Map(committed.map((intent) => [intent.intentId, intent]))
      return intents.map(({ orderId, intentId }) => held.get(intentId) ?? { orderId, intentId, seq: 1 })
    },
  }),
})

/** A doubt is taken for a failure, and the order is sent again. */
const retryOnDoubt = (gateway) => ({
  gateway: {
    checkout: (command) => gateway.checkout(command),
    async confirm(command, quote) {
      const outcome = await gateway.confirm(command, quote)
      return outcome.is === 'in_doubt' ? { is: 'price_changed', reply: outcome.reply } : outcome
    },
  },
})

/** The confirm is sent as soon as there is a quote, and the intent is committed afterwards. */
const sendBeforeIntent = (gateway) => {
  const sent = new Map()
  return {
    gateway: {
      async checkout(command) {
        const checkout = await gateway.checkout(command)
        if (checkout.is === 'quoted')
          sent.set(checkout.quote.quoteId, await gateway.confirm(command, checkout.quote))
        return checkout
      },
      async confirm(_command, quote) {
        return sent.get(quote.quoteId)
      },
    },
  }
}

/** Verdicts that are recorded at the same time are recorded for one another's orders. */
const swapVerdicts = (gateway) => {
  let waiting = null
  const together = async (verdicts) => {
    const mine = { verdicts, partner: null, met: null }
    if (waiting !== null) {
      const other = waiting
      waiting = null
      other.met(mine)
      return other.verdicts
    }
    waiting = mine
    const partner = await Promise.race([
      new Promise((resolve) => {
        mine.met = resolve
      }),
      wait(SWAP_WITHIN_MS, null),
    ])
    if (waiting === mine) waiting = null
    return partner?.verdicts ?? verdicts
  }
  return {
    gateway,
    aroundStore: (store) => ({
      ...store,
      async endIntents(verdicts, actor) {
        const others = await together(verdicts)
        const swapped = verdicts.map((verdict, n) => ({
          ...verdict,
          outcome: (others[n] ?? verdict).outcome,
        }))
        return await store.endIntents(swapped, actor)
      },
    }),
  }
}

const MUTANTS = {
  no_fence: noFence,
  retry_on_doubt: retryOnDoubt,
  send_before_intent: sendBeforeIntent,
  swapped_verdicts: swapVerdicts,
}

/** What a worker is made of: its gateway, and what wraps its store. */
export function mutated(mutant, gateway) {
  return mutant === null ? { gateway } : MUTANTS[mutant](gateway)
}
