import { html, Markup } from '../core/html.ts'
import { jsonSchemaOf } from './openapi.ts'
import { PROBLEMS } from './problems.ts'
import { type AnyRoute, problemsOf } from './route.ts'

const STYLE = `
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; color: #1b1b1b; background: #fff }
h2 { margin-top: 2.5rem; border-top: 1px solid #ccc; padding-top: 1rem } code, pre { font: 14px/1.45 ui-monospace, monospace }
pre { background: #f4f4f1; padding: .75rem; overflow-x: auto } table { border-collapse: collapse; width: 100% }
td, th { text-align: left; vertical-align: top; padding: .25rem .75rem .25rem 0; border-bottom: 1px solid #e4e4e0 }
.method { color: #7a5200 } summary { cursor: pointer }
@media (prefers-color-scheme: dark) { body { color: #eee; background: #181818 } pre { background: #242424 } .method { color: #e0b050 } }`

/** The API's page for people, made from the table of routes. It has no script and loads nothing. */
export function docsPage(routes: readonly AnyRoute[], version: string): string {
  const page = html`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>goldpro API</title>
<meta name="viewport" content="width=device-width, initial-scale=1"><style>${new Markup(STYLE)}</style></head><body>
<h1>goldpro API</h1>
<p>Version ${version}. For programs: <a href="/openapi.json">openapi.json</a>.
Keys come from <code>goldpro partner add NAME</code> and go into every request:</p>
<pre>${firstCurl}</pre>
<ul>${routes.map(linkOf)}</ul>
${routes.map(sectionOf)}
<h2 id="problems">Problems</h2>
<p>Errors are <code>application/problem+json</code> (RFC 9457) with a stable <code>code</code>.</p>
<table><tr><th>code</th><th>status</th><th>meaning</th></tr>${Object.entries(PROBLEMS).map(
    ([code, { status, title }]) =>
      html`<tr><td><code>${code}</code></td><td>${status}</td><td>${title}</td></tr>`,
  )}</table>
</body></html>
`
  return page.text
}

const firstCurl = `curl -X POST "$GOLDPRO_URL/v1/orders?wait=10" \\
  -H "Authorization: Bearer $GOLDPRO_KEY" -H "Content-Type: application/json" \\
  -d '{"kind":"buy","reference":"A-1","phone_number":"081234500001","gold_weight":"0.5"}'`

function linkOf(row: AnyRoute): Markup {
  return html`<li><a href="#${row.name}"><code>${row.method} ${row.path}</code></a> ${row.summary}</li>`
}

function sectionOf(row: AnyRoute): Markup {
  const scope = row.scope === null ? html`needs no key` : html`scope <code>${row.scope}</code>`
  return html`
<h2 id="${row.name}"><code><span class="method">${row.method}</span> ${row.path}</code></h2>
<p>${row.summary}; ${scope}. ${row.description ?? ''}</p>
${parametersTable(row)}
${Object.entries(row.bodyExamples ?? {}).map(
  ([name, example]) => html`<p>Body: ${name}</p><pre>${pretty(example)}</pre>`,
)}
${Object.entries(row.files ?? {}).map(
  ([mediaType, example]) => html`<p>Body: <code>${mediaType}</code></p><pre>${example}</pre>`,
)}
${row.body === undefined ? '' : html`<details><summary>The body's schema</summary><pre>${pretty(jsonSchemaOf(row.body))}</pre></details>`}
${Object.entries(row.answers).map(
  ([status, { description, example }]) =>
    html`<p><b>${status}</b> ${description}</p><pre>${typeof example === 'string' ? example : pretty(example)}</pre>`,
)}
<p>Problems: ${problemsOf(row).join(', ')}</p>`
}

function parametersTable(row: AnyRoute): Markup {
  const schemas = [row.params, row.query].filter((schema) => schema !== undefined)
  const fields = schemas.flatMap((schema) => {
    const { properties = {} } = jsonSchemaOf(schema) as {
      properties?: Record<string, { description?: string }>
    }
    return Object.entries(properties)
  })
  if (fields.length === 0) return html``
  return html`<table>${fields.map(
    ([name, { description = '' }]) => html`<tr><td><code>${name}</code></td><td>${description}</td></tr>`,
  )}</table>`
}

function pretty(value: unknown): string {
  return JSON.stringify(value, null, 2)
}
