import { Command, Option } from 'commander'
import { proposed } from '../../approvals/cli/propose.ts'
import { settingsHere, withSessionHere } from '../../cli/context.ts'
import { Failure } from '../../cli/failure.ts'
import { SCOPES, type Scope } from '../../core/scopes.ts'
import { type Actor, sessionOf } from '../../operators/acting.ts'
import { CHANGE_SCOPES } from '../change-kinds.ts'
import { readScopes, setScopes } from '../store/partners.ts'
import { deciderOption } from './partner-keys.ts'

interface ScopesOptions extends Actor {
  readonly scopes: readonly Scope[]
  readonly note?: string
}

/** `goldpro partner set-scopes` */
export function scopesCommand(): Command {
  return new Command('set-scopes')
    .description("set the scopes that a partner's new keys may have; at first those of its first key")
    .argument('<name>', 'the partner')
    .addOption(new Option('--scopes <scopes...>', 'all of them').choices(SCOPES).makeOptionMandatory())
    .option('--note <text>', 'why; needed where another person must approve')
    .addOption(deciderOption())
    .addHelpText(
      'after',
      `
Where people are proven, more scopes are proposed: another person approves them with \`goldpro approvals approve\`, and
\`goldpro partner add-key\` hands them out. Keys that are there keep theirs: \`goldpro partner revoke\` ends them.

Example:
  $ goldpro partner set-scopes acme --scopes orders:read orders:write approve --note "finance approves batches"`,
    )
    .action(async (partner: string, { scopes: given, ...options }: ScopesOptions) => {
      const scopes = SCOPES.filter((scope) => given.includes(scope))
      const printed = await withSessionHere(await settingsHere(), async (session) => {
        const current = await readScopes(session, partner)
        if (current === undefined) throw new Failure(1, `there is no partner ${partner}`)
        if (options.credential !== undefined && scopes.some((scope) => !current.includes(scope)))
          return await proposed(session, CHANGE_SCOPES, { partner, scopes }, options)
        await sessionOf(session, options).transaction((runner) =>
          setScopes(runner, partner, scopes, `person:${options.by}`),
        )
        return `new keys of ${partner} may have the scopes ${scopes.join(', ')}`
      })
      console.log(printed)
    })
}
