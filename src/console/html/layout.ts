import { html, Markup } from '../../core/html.ts'
import type { Operator } from '../people.ts'
import type { Page } from '../route.ts'
import { isTextKey, type TextKey, type Texts } from '../texts/texts.ts'

/** The sections of the console: the key after `g` that leads there, and the path. */
export const SECTIONS = [
  { key: 't', path: '/', text: 'nav.today' },
  { key: 'o', path: '/orders', text: 'nav.orders' },
  { key: 'r', path: '/reconciliation', text: 'nav.reconciliation' },
  { key: 'k', path: '/breaks', text: 'nav.breaks' },
  { key: 'a', path: '/approvals', text: 'nav.approvals' },
  { key: 'b', path: '/batches', text: 'nav.batches' },
  { key: 'l', path: '/plans', text: 'nav.plans' },
  { key: 'p', path: '/partners', text: 'nav.partners' },
  { key: 's', path: '/switches', text: 'nav.switches' },
  { key: 'u', path: '/audit', text: 'nav.audit' },
] as const satisfies readonly { key: string; path: string; text: TextKey }[]

/** What a page is put into. */
export interface Frame {
  readonly operator: Operator | null
  /** Path and query of the page: where it asks for itself again. */
  readonly url: string
  readonly texts: Texts
}

const NOTHING = new Markup('')

/** A whole HTML document. */
export function renderDocument(page: Page, frame: Frame): string {
  const { operator, texts, url } = frame
  const live = page.isLive === true
  return html`<!doctype html>
<html lang="${texts.language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="htmx-config" content="includeIndicatorCSS:false history:false defaultSettleDelay:0">
<title>${page.title} · goldpro</title>
${page.goTo === undefined ? NOTHING : html`<meta http-equiv="refresh" content="0; url=${page.goTo}">`}
<link rel="icon" href="/assets/icon.svg" type="image/svg+xml">
<link rel="stylesheet" href="/assets/uplot.css">
<link rel="stylesheet" href="/assets/console.css">
<script src="/assets/htmx.js" defer></script>
<script src="/assets/uplot.js" defer></script>
<script src="/assets/charts.js" defer></script>
<script src="/assets/console.js" defer></script>
</head>
<body>
<a class="skip" href="#main">${texts('skip')}</a>
${operator === null ? NOTHING : header(operator, frame)}
<main id="main" tabindex="-1">
${notices(page, frame)}
<div id="live"${live ? html` data-hx-get="${url}" data-hx-trigger="refresh" data-hx-select="#live" data-hx-swap="outerHTML"` : NOTHING}>
<h1>${page.title}</h1>
${page.main}
</div>
</main>
${footer(frame)}
</body>
</html>
`.text
}

function header(operator: Operator, { texts, url }: Frame): Markup {
  const here = url.split('?')[0] ?? ''
  const isHere = (path: string) =>
    path === '/' ? here === '/' : here === path || here.startsWith(`${path}/`)
  return html`<header class="bar">
<a class="brand" href="/">goldpro</a>
<nav aria-label="${texts('nav.label')}"><ul>
${SECTIONS.map(
  ({ path, text, key }) =>
    html`<li><a class="place" href="${path}" data-go="${key}"${isHere(path) ? html` aria-current="page"` : NOTHING}>${texts(text)}</a></li>
`,
)}</ul></nav>
<form class="search" action="/search" method="get" role="search">
<label class="unseen" for="q">${texts('search.label')}</label>
<input id="q" name="q" type="search" placeholder="${texts('search.hint')}" autocomplete="off">
</form>
<form class="who" action="/sign-out" method="post">
<span>${operator.name} <small>${operator.roles.map((role) => texts(`role.${role}`)).join(', ')}</small></span>
<button class="plain">${texts('sign_out')}</button>
</form>
</header>`
}

function notices({ problem }: Page, { texts, url }: Frame): Markup {
  const done = new URLSearchParams(url.split('?')[1] ?? '').get('done') ?? ''
  const key = `done.${done}`
  if (problem !== undefined)
    return html`<div class="notice problem" role="alert"><strong>${texts('refused')}</strong> ${problem}</div>`
  return isTextKey(key)
    ? html`<div class="notice good" role="status"><strong>✓</strong> ${texts(key)}</div>`
    : NOTHING
}

function footer({ texts, url, operator }: Frame): Markup {
  const other = texts.language === 'id' ? 'en' : 'id'
  return html`<footer>
<span>${texts('footer.zone')}</span>
${operator === null ? NOTHING : html`<button type="button" class="plain needs-script" data-help>${texts('help.open')}</button>`}
<form action="/language" method="post">
<input type="hidden" name="to" value="${other}"><input type="hidden" name="back" value="${url}">
<button class="plain" lang="${other}">${other === 'id' ? 'Bahasa Indonesia' : 'English'}</button>
</form>
</footer>
${operator === null ? NOTHING : help(texts)}`
}

function help(texts: Texts): Markup {
  const keys: readonly (readonly [string, string])[] = [
    ['/', texts('help.search')],
    ['j k', texts('help.rows')],
    ['Enter', texts('help.enter')],
    ...SECTIONS.map(({ key, text }) => [`g ${key}`, texts(text)] as const),
    ['?', texts('help.open')],
    ['Esc', texts('help.close')],
  ]
  return html`<dialog id="help" aria-labelledby="help-title"><h2 id="help-title">${texts('help.open')}</h2>
<dl class="keys">${keys.map(([key, does]) => html`<div><dt><kbd>${key}</kbd></dt><dd>${does}</dd></div>`)}</dl>
<form method="dialog"><button>${texts('help.close')}</button></form></dialog>`
}
