import type { OrderDeps } from '../../src/orders/deps.ts'
import type { OrderGateway } from '../../src/orders/gateway-port.ts'
import type { OrderStore } from '../../src/orders/ports.ts'

/** Where a worker's process ends. */
export const DEATHS = [
  'before_intent',
  'after_intent',
  'during_send',
  'after_reply',
  'after_verdict',
] as const
export type Death = (typeof DEATHS)[number]

/** A process that is gone: whatever it was about to do is not done. */
export class Died extends Error {
  override name = 'Died'
}

const LONGEST_PATIENCE = 50

/** Makes a worker's deps those of a process that dies at a point, and does nothing at all afterwards. */
export function mortal(deps: OrderDeps, death: Death | null): OrderDeps {
  let isDead = false
  const pass = (point: Death | null) => {
    if (point !== null && point === death) isDead = true
    if (isDead) throw new Died()
  }
  const store: OrderStore = {
    ...guarded(deps.store, () => pass(null)),
    async commitIntents(intents, actor) {
      pass('before_intent')
      const committed = await deps.store.commitIntents(intents, actor)
      pass('after_intent')
      return committed
    },
    async endIntents(verdicts, actor) {
      pass('after_reply')
      const ended = await deps.store.endIntents(verdicts, actor)
      pass('after_verdict')
      return ended
    },
  }
  const gateway: OrderGateway = {
    checkout(command) {
      pass(null)
      return deps.gateway.checkout(command)
    },
    async confirm(command, quote) {
      const outcome = await deps.gateway.confirm(command, quote)
      pass('during_send')
      return outcome
    },
  }
  let pauses = 0
  return {
    ...deps,
    store,
    gateway,
    async pause() {
      pauses += 1
      // A worker that can record nothing for ever is killed in the end.
      if (pauses > LONGEST_PATIENCE) isDead = true
      pass(null)
    },
  }
}

/** Every method, after a check. */
function guarded(store: OrderStore, check: () => void): OrderStore {
  return new Proxy(store, {
    ownKeys: (target) => Reflect.ownKeys(target),
    get(target, name) {
      const method = Reflect.get(target, name) as (...args: unknown[]) => unknown
      return async (...args: unknown[]) => {
        check()
        return await method(...args)
      }
    },
  })
}
