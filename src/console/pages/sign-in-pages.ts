import { html } from '../../core/html.ts'
import { input } from '../html/forms.ts'
import { EMPTY } from '../html/parts.ts'
import { type Answer, type Call, type ConsoleRoute, page } from '../route.ts'
import { LONGEST_MINUTES, type SignedIn } from '../sign-in.ts'

/** A place of the console to go to; its first page for anything else, for the place comes with the address. */
export function localPath(path: string | null): string {
  return path !== null && /^\/(?![/\\])[\x21-\x7e]*$/.test(path) && !path.startsWith('/sign-in') ? path : '/'
}

/** The page again, with why nobody is signed in. */
export const refusedSignIn = (call: Call, problem: string, status: number): Answer =>
  signInPage(call, problem, status)

function signInPage(call: Call, problem?: string, status = 200): Answer {
  const { texts, query, form, signIn } = call
  const next = localPath(query.get('next') ?? form.get('next'))
  return page({
    title: texts('sign_in'),
    status,
    ...(problem === undefined ? {} : { problem }),
    main: html`<p>${texts('sign_in.what')}</p>
${signIn.isDevelopment ? html`<div class="notice problem development"><strong>${texts('sign_in.development')}</strong> ${texts('sign_in.development.what')}</div>` : EMPTY}
${call.provider === null ? EMPTY : html`<p><a class="button primary" href="/sign-in/oidc?next=${encodeURIComponent(next)}">${texts('account.sign_in')}</a></p>`}
${signIn.hasPasswords ? passwordForm(call, next) : EMPTY}`,
  })
}

function passwordForm({ texts, form, signIn }: Call, next: string) {
  const code = input({
    id: 'code',
    name: 'code',
    label: texts('sign_in.code'),
    hint: texts('sign_in.code.hint'),
    autocomplete: 'one-time-code',
    isRequired: true,
  })
  return html`<form class="sign-in" method="post" action="/sign-in">
<input type="hidden" name="next" value="${next}">
${input({ id: 'name', name: 'name', label: texts('sign_in.name'), autocomplete: 'username', isRequired: true, value: form.get('name') ?? '' })}
${input({ id: 'password', name: 'password', type: 'password', label: texts('sign_in.password'), autocomplete: 'current-password', isRequired: true })}
${signIn.isDevelopment ? EMPTY : code}
<button class="primary">${texts('sign_in')}</button></form>`
}

async function signIn(call: Call): Promise<Answer> {
  const { form, signIn: door, address } = call
  const field = (name: string) => form.get(name) ?? ''
  const code = field('code').slice(0, 100).replace(/\s/g, '')
  const given = { name: field('name').slice(0, 500), password: field('password'), code }
  const signedIn = await door.signIn(given, address)
  if (signedIn.is !== 'signed_in') return refusal(call, signedIn)
  await endEarlier(call)
  return {
    is: 'redirect',
    to: localPath(form.get('next')),
    setCookie: (cookies) => cookies.set(cookies.session, signedIn.secret, LONGEST_MINUTES * 60),
  }
}

/** One browser has one session: the one before ends. */
export async function endEarlier({ signIn: door, sessionSecret, address }: Call): Promise<void> {
  await door.signOut(sessionSecret, address)
}

/** Why somebody is not signed in, and what to do. */
export function refusal(call: Call, signedIn: Exclude<SignedIn, { is: 'signed_in' }>): Answer {
  const { texts } = call
  switch (signedIn.is) {
    case 'throttled':
      return signInPage(call, texts('sign_in.throttled', { n: String(signedIn.waitS) }), 429)
    case 'waiting':
      return signInPage(call, texts('sign_in.waiting', { mark: signedIn.mark }), 403)
    case 'refused':
      return signInPage(call, texts('sign_in.refused'), 401)
  }
}

/** Signing in and out, and the choice of a language: without a session. */
export const SIGN_IN_ROUTES: readonly ConsoleRoute[] = [
  { method: 'GET', path: '/sign-in', roles: null, handle: async (call) => signInPage(call) },
  { method: 'POST', path: '/sign-in', roles: null, handle: signIn },
  {
    method: 'POST',
    path: '/sign-out',
    roles: null,
    async handle(call) {
      await endEarlier(call)
      return {
        is: 'redirect',
        to: '/sign-in?done=signed_out',
        setCookie: (cookies) => cookies.clear(cookies.session),
      }
    },
  },
  {
    method: 'POST',
    path: '/language',
    roles: null,
    async handle({ form }) {
      const to = form.get('to') === 'id' ? 'id' : 'en'
      return {
        is: 'redirect',
        to: localPath(form.get('back')),
        setCookie: (cookies) => cookies.set(cookies.language, to, 365 * 86_400),
      }
    },
  },
]
