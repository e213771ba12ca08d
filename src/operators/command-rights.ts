import type { Role } from './enums.ts'

/** What a command takes where people are proven. */
export interface CommandRight {
  /**
   * Any one of these roles; or `nobody`: a program, a command that changes nothing of the installation, or one whose holder
   * Postgres or the gateway proves in another way.
   */
  readonly needs: readonly Role[] | 'nobody'
  /** How many people it takes until something has changed; 0: it changes nothing. */
  readonly people: 0 | 1 | 2
}

const nobody: CommandRight = { needs: 'nobody', people: 0 }
const reads: CommandRight = { needs: ['viewer', 'maker', 'checker', 'admin'], people: 0 }
/** One person is enough for what makes things safer. */
const safer: CommandRight = { needs: ['maker', 'checker', 'admin'], people: 1 }
const makes: CommandRight = { needs: ['maker'], people: 1 }
const administrates: CommandRight = { needs: ['admin'], people: 1 }
/** Proposes; another person approves. */
const proposes: CommandRight = { needs: ['maker'], people: 2 }
const approves: CommandRight = { needs: ['checker'], people: 2 }
/** Two admins, once there are two. */
const grants: CommandRight = { needs: ['admin'], people: 2 }

/**
 * Every command with the role that it takes and how many people. `processes/program.ts` checks it before a command runs, and
 * the guards of Postgres check the same roles again. A command that is not here is refused; a test holds the table to what
 * commands there are.
 */
export const COMMAND_RIGHTS: Readonly<Record<string, CommandRight>> = {
  demo: nobody,
  up: nobody,
  // Whoever owns the tables.
  migrate: nobody,
  worker: nobody,
  web: nobody,
  console: nobody,
  scheduler: nobody,
  sandbox: nobody,
  enqueue: makes,

  // Also where nobody can sign in: it prints nothing of orders or people.
  doctor: nobody,
  completion: nobody,

  login: nobody,
  logout: nobody,
  whoami: nobody,
  // Whoever owns the tables, once.
  'operator bootstrap': nobody,
  'operator list': reads,
  'operator add': grants,
  'operator set-roles': grants,
  'operator enable': grants,
  'operator disable': administrates,
  // Everybody rotates their own token; another's takes an admin, or two.
  // Everybody for themselves; for another it takes an admin, and once there are two, somebody else who confirms.
  'operator invite': { needs: ['viewer', 'maker', 'checker', 'admin'], people: 2 },
  'operator link-oidc': { needs: ['viewer', 'maker', 'checker', 'admin'], people: 2 },
  'operator confirm': { needs: ['viewer', 'maker', 'checker', 'admin'], people: 2 },
  'operator revoke-sign-in': { needs: ['viewer', 'maker', 'checker', 'admin'], people: 1 },
  'operator rotate': { needs: ['viewer', 'maker', 'checker', 'admin'], people: 2 },

  'partner add': administrates,
  'partner add-key': administrates,
  'partner list': reads,
  'partner rotate-key': administrates,
  'partner revoke': safer,
  'partner set-limits': { needs: ['maker', 'checker', 'admin'], people: 2 },
  'partner set-scopes': { needs: ['maker', 'checker', 'admin'], people: 2 },
  'partner suspend': safer,
  'partner resume': administrates,

  'wallet list': reads,
  'wallet show': reads,
  'wallet link': proposes,
  'wallet unlink': safer,
  // Everybody may see it; a stricter one takes one person, a looser one two, as Postgres demands.
  'wallet policy': { needs: ['viewer', 'maker', 'checker', 'admin'], people: 2 },

  status: reads,

  'recover list': reads,
  'recover orders': safer,
  'recover release': proposes,

  'switch show': reads,
  'switch close': safer,
  'switch open': proposes,

  'orders list': reads,
  'orders find': reads,
  'orders show': reads,
  'orders rejected': reads,
  'orders cancel': safer,
  'orders hold': safer,
  'orders release': makes,
  'orders resolve': proposes,
  'orders approve': approves,
  'orders decline': safer,

  'plan add': makes,
  'plan list': reads,
  'plan show': reads,
  'plan pause': safer,
  'plan resume': makes,
  'plan remove': safer,
  'plan run-now': makes,
  'plan skip': safer,
  'plan unskip': makes,
  'plan change': proposes,
  'plan history': reads,

  'holidays list': reads,
  'holidays import': proposes,
  'holidays propose': proposes,

  prices: reads,

  'batch template': nobody,
  'batch check': nobody,
  'batch create': proposes,
  'batch retry': proposes,
  'batch preview': reads,
  'batch approve': approves,
  'batch run': makes,
  'batch pause': safer,
  'batch resume': makes,
  'batch cancel': safer,
  'batch list': reads,
  'batch show': reads,
  'batch results': reads,

  'recon import': makes,
  'recon inbox': makes,
  'recon run': makes,
  'recon report': reads,
  'recon breaks list': reads,
  'recon breaks show': reads,
  'recon breaks assign': safer,
  'recon breaks note': safer,
  'recon breaks propose': proposes,
  'recon breaks approve': approves,
  'recon breaks reject': safer,
  'recon statements': reads,
  'recon statements propose': proposes,
  'recon statements approve': approves,
  'recon statements decline': safer,
  'recon statements revoke': safer,
  'recon sources trust': proposes,
  'recon sources approve': approves,
  'recon sources decline': safer,
  'recon sources revoke': safer,
  'recon sources list': reads,
  'recon lag propose': proposes,
  'recon lag approve': approves,
  'recon lag decline': safer,
  'recon lag revoke': safer,
  'recon lag list': reads,
  'recon mappings list': reads,
  'recon mappings show': reads,
  'recon mappings add': makes,
  // It reads a file of its caller's, and no database.
  'recon mappings propose': nobody,

  'webhook add': proposes,
  'webhook list': reads,
  'webhook rotate-secret': administrates,
  'webhook pause': safer,
  'webhook resume': administrates,
  'webhook remove': safer,
  'webhook deliveries': reads,
  'webhook replay': makes,
  'webhook test': makes,

  'approvals list': reads,
  'approvals show': reads,
  // Operators' roles are approved by an admin, all else by a checker: Postgres knows which it is.
  'approvals approve': { needs: ['checker', 'admin'], people: 2 },
  'approvals decline': safer,

  // Whoever holds the gateway's credentials: these commands use no database.
  'gateway register': nobody,
  'gateway region': nobody,
  'gateway address': nobody,
  'gateway chart': nobody,
}
