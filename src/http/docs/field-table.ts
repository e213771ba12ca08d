import { html, Markup } from '../../core/html.ts'
import type { Json } from '../json-schema.ts'
import { prose } from './prose.ts'

export interface Schema {
  readonly $ref?: string
  readonly type?: string | readonly string[]
  readonly format?: string
  readonly description?: string
  readonly enum?: readonly string[]
  readonly const?: string
  readonly pattern?: string
  readonly minimum?: number
  readonly maximum?: number
  readonly items?: Schema
  readonly properties?: Readonly<Record<string, Schema>>
  readonly required?: readonly string[]
  readonly anyOf?: readonly Schema[]
  readonly oneOf?: readonly Schema[]
}

export type Names = Readonly<Record<string, Json>>

export const nameOf = ($ref: string) => $ref.slice($ref.lastIndexOf('/') + 1)

/** A table of the fields of an object; fields of an object within it have dotted names. */
export function fieldTable(schema: Schema, names: Names): Markup {
  const rows = rowsOf(schema, names, '')
  if (rows.length === 0) return html``
  return html`<div class="wide"><table><thead><tr><th scope="col">field</th><th scope="col">meaning</th></tr></thead><tbody>${rows}</tbody></table></div>`
}

/** The alternatives of a schema, by the names that they have. */
export function alternativesOf(schema: Schema, names: Names): [string, Schema][] {
  const choices = schema.oneOf ?? schema.anyOf ?? []
  return choices.flatMap(({ $ref }) => {
    if ($ref === undefined) return []
    const named = (names[nameOf($ref)] ?? {}) as Schema
    const within = alternativesOf(named, names)
    return within.length > 0 ? within : [[nameOf($ref), named] as [string, Schema]]
  })
}

function rowsOf({ properties = {}, required = [] }: Schema, names: Names, before: string): Markup[] {
  return Object.entries(properties).flatMap(([name, field]) => {
    const path = `${before}${name}`
    const isRequired = required.includes(name)
    const own = html`<tr><td><code>${path}</code><div class="type">${typeOf(field)}${isRequired ? '' : ', optional'}</div></td><td>${meaningOf(field, names)}</td></tr>`
    const inner = field.items?.properties === undefined ? field : field.items
    const suffix = inner === field ? '.' : '[].'
    return [own, ...rowsOf(inner.$ref === undefined ? inner : {}, names, `${path}${suffix}`)]
  })
}

function meaningOf(field: Schema, names: Names): Markup {
  const { $ref, description = '' } = field
  const named = $ref === undefined ? undefined : (names[nameOf($ref)] as Schema | undefined)
  const values = (named ?? field).enum
  const bounds = field.minimum !== undefined && field.maximum !== undefined && field.format === undefined
  return html`${prose(description === '' ? (named?.description ?? '') : description)}${
    values === undefined ? '' : html`<div class="type">${values.join(', ')}</div>`
  }${bounds ? html`<div class="type">${field.minimum ?? ''} to ${field.maximum ?? ''}</div>` : ''}${
    field.pattern === undefined ? '' : html`<div class="type"><code>${field.pattern}</code></div>`
  }`
}

/** What a field holds; names of objects are links to their tables. */
function typeOf(field: Schema): Markup {
  const { $ref, type, format, items, anyOf, oneOf } = field
  if ($ref !== undefined) return html`<a href="#${nameOf($ref)}">${nameOf($ref)}</a>`
  const choices = anyOf ?? oneOf
  if (choices !== undefined) return new Markup(choices.map((each) => typeOf(each).text).join(' or '))
  if (items !== undefined) return html`array of ${typeOf(items)}`
  if (field.const !== undefined) return html`<code>${field.const}</code>`
  const named = Array.isArray(type) ? type.join(' or ') : String(type ?? 'any')
  return html`${named}${format === undefined || format === 'int64' ? '' : `, ${format}`}`
}
