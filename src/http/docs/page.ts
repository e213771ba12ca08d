import { html, Markup } from '../../core/html.ts'
import { type ApiFacts, openapiOf } from '../openapi.ts'
import { tagOf } from '../openapi-operation.ts'
import { PROBLEMS } from '../problems.ts'
import type { AnyRoute } from '../route.ts'
import { type CodeSample, FIRST_ORDER, SIGNED_REQUEST, VERIFIED_WEBHOOK } from './code-samples.ts'
import { fieldTable, type Names, type Schema } from './field-table.ts'
import { prose } from './prose.ts'
import { type Operation, routeSection } from './route-section.ts'
import { STYLE } from './style.ts'

/** What the page says beside the OpenAPI document. */
export interface PageFacts extends ApiFacts {
  /** The states of an order, and what a partner does in each. */
  readonly states: Readonly<Record<string, string>>
}

/** The API's page for people, made from the table of routes. It has no script and loads nothing. */
export function docsPage(routes: readonly AnyRoute[], facts: PageFacts): string {
  const document = openapiOf(routes, facts)
  const { schemas: names } = document.components as { schemas: Names }
  const paths = document.paths as Record<string, Record<string, Operation>>
  const groups = Object.entries(facts.tags)
    .map(([tag, meaning]) => ({ tag, meaning, rows: routes.filter((row) => tagOf(row) === tag) }))
    .filter(({ rows }) => rows.length > 0)
  const menu = menuOf(groups)
  const page = html`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>goldpro API</title>
<meta name="viewport" content="width=device-width, initial-scale=1"><style>${new Markup(STYLE)}</style></head><body>
<details class="menu"><summary>Contents</summary><nav aria-label="Contents, short">${menu}</nav></details>
<div class="page"><nav class="side" aria-label="Contents">${menu}</nav><main>
<h1>goldpro API</h1>
<p>Version ${facts.version}. For programs and client generators: <a href="/openapi.json">openapi.json</a> (OpenAPI 3.1).</p>
${introduction(facts.states)}
${groups.map(
  ({ tag, meaning, rows }) =>
    html`<h2 id="group-${tag}">${tag}</h2><p>${meaning}.</p>${rows.map((row) => {
      const operation = paths[row.path]?.[row.method.toLowerCase()]
      return operation === undefined ? html`` : routeSection(row, operation, names)
    })}`,
)}
${webhooksSection(facts)}
<h2 id="objects">objects</h2>
${Object.entries(names).map(([name, schema]) => objectSection(name, schema as Schema, names))}
${problemsSection()}
</main></div></body></html>
`
  return page.text
}

function menuOf(groups: readonly { readonly tag: string; readonly rows: readonly AnyRoute[] }[]): Markup {
  return html`<ul><li><a href="#first-order">First order</a></li><li><a href="#states">States</a></li>
<li><a href="#repeating">Repeating</a></li><li><a href="#signing">Signing</a></li><li><a href="#webhooks">Webhooks</a></li>
<li><a href="#objects">Objects</a></li><li><a href="#problems">Problems</a></li></ul>
${groups.map(
  ({ tag, rows }) =>
    html`<b>${tag}</b><ul>${rows.map(({ name, summary }) => html`<li><a href="#${name}">${summary}</a></li>`)}</ul>`,
)}`
}

function introduction(states: PageFacts['states']): Markup {
  return html`
<h2 id="first-order">first order</h2>
<p>A key comes from <code>goldpro partner add NAME</code> and goes into every request. The answer is 202 once the order is stored;
with <code>wait</code> it comes when the order has ended or the time is over.</p>
${samplesOf(FIRST_ORDER)}
<h2 id="states">states</h2>
<div class="wide"><table><thead><tr><th scope="col">state</th><th scope="col">what it means for you</th></tr></thead><tbody>${Object.entries(
    states,
  ).map(
    ([state, meaning]) => html`<tr><td><code>${state}</code></td><td>${prose(meaning)}</td></tr>`,
  )}</tbody></table></div>
<h2 id="repeating">repeating</h2>
<p>After a time-out, a reset, 429, 502 or 503 send the same request again: the same <code>reference</code> with the same content is
the same order at any time. Other content under a known reference is 409 <code>reference_conflict</code>.</p>
<h2 id="signing">signing</h2>
<p>A key of <code>goldpro partner add --signed</code> needs three more headers on every request: <code>X-Timestamp</code> (seconds since
1970), <code>X-Nonce</code> (used once) and <code>X-Signature</code>, an HMAC-SHA256 of method, path with query, timestamp and nonce, each
followed by a line feed, and the body.</p>
${samplesOf(SIGNED_REQUEST)}`
}

function samplesOf(samples: readonly CodeSample[]): Markup {
  return html`${samples.map(
    ({ language, code }, position) =>
      html`<details${new Markup(position === 0 ? ' open' : '')}><summary>${language}</summary><pre tabindex="0">${code}</pre></details>`,
  )}`
}

function webhooksSection({ webhooks }: PageFacts): Markup {
  return html`<h2 id="webhooks">webhooks</h2>
<p>Every end and every doubt of your orders and batches is sent to your URL as a signed POST, at least once, as Standard Webhooks
say. Answer any 2xx once you have stored it; process each <code>webhook-id</code> once.</p>
${Object.entries(webhooks).map(
  ([kind, { summary, example }]) =>
    html`<h3 id="webhook-${kind}"><code>${kind}</code></h3><p>${summary}.</p><details><summary>Example</summary><pre tabindex="0">${JSON.stringify(example, null, 2)}</pre></details>`,
)}
<h3 id="verifying">Verifying</h3>${samplesOf(VERIFIED_WEBHOOK)}`
}

function objectSection(name: string, schema: Schema, names: Names): Markup {
  const choices = schema.oneOf ?? schema.anyOf ?? []
  const links = choices.flatMap(({ $ref = '' }) => {
    const each = $ref.slice($ref.lastIndexOf('/') + 1)
    return each === '' ? [] : [html`<li><a href="#${each}">${each}</a></li>`]
  })
  return html`<h3 id="${name}">${name}</h3><p>${prose(schema.description ?? '')}</p>
${schema.enum === undefined ? '' : html`<p class="type">${schema.enum.join(', ')}</p>`}
${links.length === 0 ? '' : html`<ul>${links}</ul>`}${fieldTable(schema, names)}`
}

function problemsSection(): Markup {
  return html`<h2 id="problems">problems</h2>
<p>Errors are <code>application/problem+json</code> (RFC 9457). Codes are stable; texts are not.</p>
<div class="wide"><table><thead><tr><th scope="col">code</th><th scope="col">status and meaning</th></tr></thead><tbody>${Object.entries(
    PROBLEMS,
  ).map(
    ([code, { status, title }]) =>
      html`<tr id="problem-${code}"><td><code>${code}</code></td><td>${status}. ${title}</td></tr>`,
  )}</tbody></table></div>`
}
