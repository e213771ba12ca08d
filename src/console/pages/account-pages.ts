import { html } from '../../core/html.ts'
import { code as codeTag } from '../html/parts.ts'
import { ConsoleProblem } from '../http/problem-pages.ts'
import { FLOW_MINUTES, type Provider } from '../oidc/provider.ts'
import { type Answer, type Call, type ConsoleRoute, page } from '../route.ts'
import { LONGEST_MINUTES } from '../sign-in.ts'
import { endEarlier, localPath, refusal, refusedSignIn } from './sign-in-pages.ts'

function providerOf({ provider }: Call): Provider {
  if (provider === null) throw new ConsoleProblem('not_found')
  return provider
}

async function begin(call: Call): Promise<Answer> {
  const begun = await providerOf(call).begin(localPath(call.query.get('next')))
  if (begun === null) return refusedSignIn(call, call.texts('account.unreachable'), 503)
  return {
    is: 'redirect',
    to: begun.to,
    setCookie: (cookies) => cookies.setLax(cookies.account, begun.flow, FLOW_MINUTES * 60),
  }
}

/** The browser comes back from the provider. */
async function finish(call: Call): Promise<Answer> {
  const { query, texts, accountFlow, signIn: door, address } = call
  const returned = await providerOf(call).finish(query, accountFlow)
  if (returned.is === 'refused') return refusedSignIn(call, texts(`account.${returned.why}`), 401)
  const signedIn = await door.signInByAccount(returned.account, address)
  if (signedIn.is === 'refused') return unknownAccount(call, returned.account.subject)
  if (signedIn.is !== 'signed_in') return refusal(call, signedIn)
  await endEarlier(call)
  const next = localPath(returned.next)
  // A page, not a redirect: on one that began at another site the browser would leave the session's cookie out.
  return page({
    title: texts('sign_in'),
    goTo: next,
    main: html`<p><a class="button primary" href="${next}">${texts('account.go_on')}</a></p>`,
    setCookie: (cookies) => [
      cookies.set(cookies.session, signedIn.secret, LONGEST_MINUTES * 60),
      cookies.clear(cookies.account),
    ],
  })
}

/** An account that is nobody's: by its subject an admin links it, never by an e-mail address. */
function unknownAccount({ texts }: Call, subject: string): Answer {
  return page({
    title: texts('account.unknown'),
    status: 403,
    problem: texts('account.unknown.what'),
    main: html`<p>${codeTag(`goldpro operator link-oidc NAME --subject '${subject.replaceAll("'", "'\\''")}' --note "…"`)}</p>
<p><a href="/sign-in">${texts('sign_in')}</a></p>`,
    setCookie: (cookies) => [cookies.clear(cookies.account)],
  })
}

/** Signing in by an account at the provider: without a session. */
export const ACCOUNT_ROUTES: readonly ConsoleRoute[] = [
  { method: 'GET', path: '/sign-in/oidc', roles: null, handle: begin },
  { method: 'GET', path: '/sign-in/oidc/callback', roles: null, handle: finish },
]
