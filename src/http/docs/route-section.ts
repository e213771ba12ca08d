import { html, type Markup } from '../../core/html.ts'
import { jsonSchemaOf } from '../json-schema.ts'
import { type AnyRoute, problemsOf } from '../route.ts'
import { alternativesOf, fieldTable, type Names, nameOf, type Schema } from './field-table.ts'
import { prose } from './prose.ts'

/** One operation of the OpenAPI document. */
export interface Operation {
  readonly requestBody?: { readonly content: Readonly<Record<string, { readonly schema: Schema }>> }
  readonly responses: Readonly<
    Record<string, { readonly content: Readonly<Record<string, { readonly schema: Schema }>> }>
  >
}

/** Everything about one route. */
export function routeSection(row: AnyRoute, operation: Operation, names: Names): Markup {
  const scope = neededFor(row)
  return html`
<h3 id="${row.name}"><code><span class="method">${row.method}</span> ${row.path}</code></h3>
<p>${row.summary}. <span class="scope">${scope}</span></p>
${row.description === undefined ? '' : html`<p>${prose(row.description)}</p>`}
${parametersOf(row)}
${bodyOf(row, operation, names)}
${Object.entries(row.answers).map(([status, { description, example, headers = {} }]) => {
  const [content] = Object.values(operation.responses[status]?.content ?? {})
  return html`<h4>${status}: ${description}</h4>${linkTo(content?.schema)}${headersOf(headers)}<pre tabindex="0">${shown(example)}</pre>`
})}
<p class="type">Problems: ${problemsOf(row).map((code) => html`<a href="#problem-${code}"><code>${code}</code></a> `)}</p>`
}

function neededFor({ scope, operatorCommand }: AnyRoute): Markup {
  if (operatorCommand !== undefined) return html`for operators, as <code>goldpro ${operatorCommand}</code>`
  return scope === null ? html`needs no key` : html`scope <code>${scope}</code>`
}

function parametersOf(row: AnyRoute): Markup {
  const schemas = [row.params, row.query].filter((schema) => schema !== undefined)
  const tables = schemas.map((schema) => fieldTable(jsonSchemaOf(schema) as Schema, {}))
  return html`${tables}`
}

function bodyOf(row: AnyRoute, { requestBody }: Operation, names: Names): Markup {
  if (row.files !== undefined)
    return html`${Object.entries(row.files).map(
      ([mediaType, example]) =>
        html`<h4>Body: <code>${mediaType}</code></h4><pre tabindex="0">${example}</pre>`,
    )}`
  const schema = requestBody?.content['application/json']?.schema
  if (schema === undefined) return html``
  const whole = schema.$ref === undefined ? schema : ((names[nameOf(schema.$ref)] ?? {}) as Schema)
  const alternatives = alternativesOf(whole, names)
  const tables =
    alternatives.length === 0
      ? [fieldTable(whole, names)]
      : alternatives.map(
          ([name, each]) =>
            html`<details><summary>${each.description ?? name}</summary>${fieldTable(each, names)}</details>`,
        )
  return html`<h4>Body</h4>${tables}${Object.entries(row.bodyExamples ?? {}).map(
    ([name, example]) =>
      html`<details><summary>Example: ${name}</summary><pre tabindex="0">${shown(example)}</pre></details>`,
  )}`
}

function headersOf(headers: Readonly<Record<string, string>>): Markup {
  const rows = Object.entries(headers).map(
    ([name, meaning]) => html`<li><code>${name}</code>: ${meaning}</li>`,
  )
  return rows.length === 0 ? html`` : html`<ul>${rows}</ul>`
}

function linkTo(schema: Schema | undefined): Markup {
  if (schema?.$ref === undefined) return html``
  const name = nameOf(schema.$ref)
  return html`<p>An object <a href="#${name}">${name}</a>.</p>`
}

const shown = (value: unknown) => (typeof value === 'string' ? value : JSON.stringify(value, null, 2))
