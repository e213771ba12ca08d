import { createConsoleServer } from '../../dist/console/http/server.js'
import { ROUTES } from '../../dist/console/routes.js'

const silent = {
  info() {},
  warn() {},
  error(...about) {
    console.error(...about)
  },
  debug() {},
}

const BREAKER = {
  ...{
    windowSeconds: 300,
    minConfirms: 20,
    unknownPercent: 20,
    rupiahInDoubt: 1_000_000_000n,
    gramsInDoubt: 0n,
  },
  ...{ rupiahPercent: 0, contradictionPercent: 20, refusalPercent: 50, slowMs: 10_000, slowPercent: 50 },
  ...{ pauseSeconds: 60, maxPauseSeconds: 900, probeRupiah: 50_000n, probeGrams: 1_000n },
}

/** The console of one operator with every role, on this database. */
export function consoleOn(database, inSession) {
  const operator = { name: 'bench', roles: ['viewer', 'maker', 'checker', 'admin'] }
  const settings = { publicOrigin: null, trustedProxies: [], uploadLimitBytes: 1 }
  const signIn = { recall: async () => operator }
  return createConsoleServer(ROUTES, settings, {
    ...{ database, signIn, changeKinds: [], onePersonTeam: false, reconLagMs: 0, log: silent, wake() {} },
    breaker: BREAKER,
    uploads: {},
    inSession,
  })
}
