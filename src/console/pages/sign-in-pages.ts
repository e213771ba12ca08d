import { html } from '../../core/html.ts'
import { input } from '../html/forms.ts'
import { type Answer, type Call, type ConsoleRoute, page } from '../route.ts'
import { LONGEST_MINUTES } from '../sign-in.ts'

/** A place of the console to go to; its first page for anything else, for the place comes with the address. */
export function localPath(path: string | null): string {
  return path !== null && /^\/(?![/\\])[\x21-\x7e]*$/.test(path) && !path.startsWith('/sign-in') ? path : '/'
}

function signInPage({ texts, query, form }: Call, problem?: string, status = 200): Answer {
  const next = localPath(query.get('next') ?? form.get('next'))
  return page({
    title: texts('sign_in'),
    status,
    ...(problem === undefined ? {} : { problem }),
    main: html`<p>${texts('sign_in.what')}</p>
<form class="sign-in" method="post" action="/sign-in">
<input type="hidden" name="next" value="${next}">
${input({ id: 'name', name: 'name', label: texts('sign_in.name'), autocomplete: 'username', isRequired: true, value: form.get('name') ?? '' })}
${input({ id: 'secret', name: 'secret', type: 'password', label: texts('sign_in.secret'), autocomplete: 'current-password', isRequired: true })}
${input({ id: 'code', name: 'code', label: texts('sign_in.code'), hint: texts('sign_in.code.hint'), autocomplete: 'one-time-code' })}
<button class="primary">${texts('sign_in')}</button></form>`,
  })
}

async function signIn(call: Call): Promise<Answer> {
  const { form, signIn: door, address, texts } = call
  const field = (name: string) => (form.get(name) ?? '').slice(0, 500)
  const given = { name: field('name'), secret: field('secret'), code: field('code').replace(/\s/g, '') }
  const signedIn = await door.signIn(given, address)
  switch (signedIn.is) {
    case 'signed_in':
      return {
        is: 'redirect',
        to: localPath(form.get('next')),
        setCookie: (cookies) => cookies.set(cookies.session, signedIn.secret, LONGEST_MINUTES * 60),
      }
    case 'throttled':
      return signInPage(call, texts('sign_in.throttled', { n: String(signedIn.waitS) }), 429)
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
    async handle({ signIn: door, sessionSecret, address }) {
      await door.signOut(sessionSecret, address)
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
