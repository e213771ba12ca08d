import { encode } from 'uqr'
import { html, type Markup } from '../../core/html.ts'
import type { Begun, Enrolment, EnrolmentProblem } from '../enrolment.ts'
import { totpAddress } from '../factors/totp.ts'
import { input } from '../html/forms.ts'
import { code as codeTag } from '../html/parts.ts'
import { ConsoleProblem } from '../http/problem-pages.ts'
import { type Answer, type Call, type ConsoleRoute, page } from '../route.ts'

const STATUS = 409

/** Where nobody signs in by a password, there is nothing to set up. */
function enrolmentOf({ enrolment, signIn }: Call): Enrolment {
  if (enrolment === null || !signIn.hasPasswords) throw new ConsoleProblem('not_found')
  return enrolment
}

const hiddenCode = (code: string): Markup => html`<input type="hidden" name="code" value="${code}">`

/** The first step: whose invitation it is, and a password. */
async function invitationPage(call: Call, code: string, problem?: EnrolmentProblem): Promise<Answer> {
  const { texts } = call
  if (code === '') return codePage(call)
  const found = await enrolmentOf(call).find(code)
  if (found.is === 'refused') return refusedPage(call, found.problem)
  return page({
    title: texts('enrol.title', { name: found.name }),
    ...(problem === undefined ? {} : { status: STATUS, problem: texts(`enrol.problem.${problem}`) }),
    main: html`<p>${texts('enrol.password.what')}</p>
<form class="sign-in" method="post" action="/enrol">${hiddenCode(code)}
<input type="hidden" name="username" autocomplete="username" value="${found.name}">
${input({ id: 'password', name: 'password', type: 'password', label: texts('sign_in.password'), hint: texts('enrol.password.hint'), autocomplete: 'new-password', isRequired: true })}
${input({ id: 'again', name: 'again', type: 'password', label: texts('enrol.again'), autocomplete: 'new-password', isRequired: true })}
<button class="primary">${texts('enrol.next')}</button></form>`,
  })
}

function codePage({ texts }: Call): Answer {
  return page({
    title: texts('enrol.code.title'),
    main: html`<p>${texts('enrol.code.what')}</p>
<form class="sign-in" method="get" action="/enrol">
${input({ id: 'code', name: 'code', label: texts('enrol.code'), autocomplete: 'off', isRequired: true })}
<button class="primary">${texts('enrol.next')}</button></form>`,
  })
}

/** An invitation that leads nowhere: what to do instead. */
function refusedPage({ texts }: Call, problem: EnrolmentProblem): Answer {
  return page({
    title: texts('enrol.refused'),
    status: STATUS,
    problem: texts(`enrol.problem.${problem}`),
    main: html`<p><a href="/sign-in">${texts('sign_in')}</a></p>`,
  })
}

async function setPassword(call: Call): Promise<Answer> {
  const { form } = call
  const code = form.get('code') ?? ''
  const password = form.get('password') ?? ''
  if (password !== form.get('again')) return await invitationPage(call, code, 'password_again')
  const begun = await enrolmentOf(call).begin(code, password)
  if (begun.is === 'begun') return totpPage(call, code, begun)
  return begun.problem.startsWith('password_')
    ? await invitationPage(call, code, begun.problem)
    : refusedPage(call, begun.problem)
}

/** The second step: the secret of the TOTP app, and its first code. */
function totpPage(
  { texts, host }: Call,
  code: string,
  { name, totpSecret }: Begun,
  problem?: string,
): Answer {
  const address = totpAddress(totpSecret, name, host)
  const spaced = totpSecret.replace(/(.{4})(?=.)/g, '$1 ')
  return page({
    title: texts('enrol.totp.title'),
    ...(problem === undefined ? {} : { status: STATUS, problem }),
    main: html`<p>${texts('enrol.totp.what')}</p>
${qrCode(address, texts('enrol.totp.qr'))}
<p>${texts('enrol.totp.secret')} ${codeTag(spaced)}</p>
<p><a href="${address}">${texts('enrol.totp.open')}</a></p>
<form class="sign-in" method="post" action="/enrol/confirm">${hiddenCode(code)}
${input({ id: 'totp', name: 'totp', label: texts('enrol.totp.code'), autocomplete: 'one-time-code', isRequired: true })}
<button class="primary">${texts('enrol.finish')}</button></form>`,
  })
}

/** The address as a QR code: one path, dark on light in either theme. */
function qrCode(address: string, label: string): Markup {
  const { data, size } = encode(address, { border: 4 })
  const squares = data.flatMap((row, y) => row.flatMap((isDark, x) => (isDark ? [`M${x} ${y}h1v1h-1z`] : [])))
  return html`<svg class="qr" role="img" aria-label="${label}" viewBox="0 0 ${size} ${size}" width="240" height="240" shape-rendering="crispEdges"><rect width="${size}" height="${size}" fill="#fff"/><path fill="#000" d="${squares.join('')}"/></svg>`
}

async function confirm(call: Call): Promise<Answer> {
  const { form, texts } = call
  const enrolment = enrolmentOf(call)
  const code = form.get('code') ?? ''
  const finished = await enrolment.finish(code, (form.get('totp') ?? '').replace(/\s/g, ''))
  if (finished.is === 'done') return recoveryPage(call, finished)
  const again = finished.problem === 'code' ? await enrolment.resume(code) : finished
  return again.is === 'begun'
    ? totpPage(call, code, again, texts('enrol.problem.code'))
    : refusedPage(call, again.problem)
}

/** The end: the recovery codes, which nothing shows again. */
function recoveryPage(
  { texts }: Call,
  { proof, recoveryCodes }: { proof: { mark: string; isUsable: boolean }; recoveryCodes: readonly string[] },
): Answer {
  return page({
    title: texts('enrol.done'),
    main: html`<p>${texts('enrol.recovery.what')}</p>
<ol class="codes">${recoveryCodes.map((each) => html`<li>${codeTag(each)}</li>`)}</ol>
${proof.isUsable ? html`<p><a class="button primary" href="/sign-in">${texts('sign_in')}</a></p>` : html`<p>${texts('sign_in.waiting', { mark: proof.mark })}</p>`}`,
  })
}

/** Setting a password and a TOTP app by an invitation: without a session. */
export const ENROLMENT_ROUTES: readonly ConsoleRoute[] = [
  {
    method: 'GET',
    path: '/enrol',
    roles: null,
    handle: async (call) => {
      enrolmentOf(call)
      return await invitationPage(call, (call.query.get('code') ?? '').trim())
    },
  },
  { method: 'POST', path: '/enrol', roles: null, handle: setPassword },
  { method: 'POST', path: '/enrol/confirm', roles: null, handle: confirm },
]
