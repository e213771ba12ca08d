import { z } from 'zod'

export type Json = Record<string, unknown>

/** A schema as JSON Schema 2020-12, as it is written on the wire, without references. */
export function jsonSchemaOf(schema: z.ZodType, io: 'input' | 'output' = 'input'): Json {
  const { $defs = {}, ...rest } = schemaWithNames(schema, io)
  return inlined(rest, $defs as Record<string, Json>)
}

/** Named schemas of a document, collected while its operations are described. */
export interface Components {
  readonly schemas: Record<string, Json>
  /** A schema that refers to the named ones. */
  refer(schema: z.ZodType, io: 'input' | 'output'): Json
}

export function createComponents(schemas: Record<string, Json>): Components {
  return {
    schemas,
    refer(schema, io) {
      const { $defs = {}, ...rest } = schemaWithNames(schema, io)
      for (const [name, named] of Object.entries($defs as Record<string, Json>)) {
        const described = refersToComponents(named) as Json
        const known = schemas[name]
        if (known !== undefined && JSON.stringify(known) !== JSON.stringify(described))
          throw new Error(`two schemas are called ${name}`)
        schemas[name] = described
      }
      return refersToComponents(rest) as Json
    },
  }
}

/**
 * Describes a text of a path or a query as what it stands for: an integer has no other spelling in a URL.
 */
export function onTheWire<Schema extends z.ZodType>(schema: Schema, wire: Json): Schema {
  return schema.meta({ wire })
}

/** Marks an enum of answers as open: clients must accept values that are added later. */
export function open<Schema extends z.ZodType>(schema: Schema, meaning: string): Schema {
  return schema.meta({ isOpen: true, description: meaning })
}

const OPEN = 'Open: more values may be added. Accept a value that you do not know.'

function schemaWithNames(schema: z.ZodType, io: 'input' | 'output'): Json {
  const { $schema: _, ...made } = z.toJSONSchema(schema, { io, unrepresentable: 'any' })
  return readable(made, { names: (made.$defs ?? {}) as Record<string, Json>, io }) as Json
}

interface Readability {
  readonly names: Record<string, Json>
  readonly io: 'input' | 'output'
}

const KNOWN_FORMATS = new Set(['date-time', 'date', 'email', 'uuid'])

/** Rewrites what the generator writes for machines only. */
function readable(node: unknown, how: Readability): unknown {
  if (Array.isArray(node)) return node.map((each) => readable(each, how))
  if (typeof node !== 'object' || node === null) return node
  const { wire, isOpen, ...rest } = node as Json
  if (wire !== undefined) return withMeaning(wire as Json, rest)
  if (isOpen === true) return openEnum(rest)
  const children = Object.entries(rest)
    .filter(([name, value]) => !isNoise(name, value, rest))
    .map(([name, value]) => [name, isExample(name, value) ? value : readable(value, how)] as const)
  const made: Json = Object.fromEntries(children)
  if (made.type === 'integer') made.format = 'int64'
  // Answers may get more fields.
  if (how.io === 'output' && made.additionalProperties === false) delete made.additionalProperties
  return made.discriminator === undefined ? orNull(made) : discriminated(made, how.names)
}

/** Writes a choice between one schema and null as the schema that may be null. */
function orNull(schema: Json): Json {
  const { anyOf, ...rest } = schema
  const [first, second, third] = (anyOf ?? []) as Json[]
  if (first === undefined || second?.type !== 'null' || third !== undefined) return schema
  const { description, ...one } = first
  const meaning = rest.description ?? description
  const described = { ...rest, ...(meaning === undefined ? {} : { description: meaning }) }
  if (typeof one.type !== 'string' || one.enum !== undefined) return { ...described, anyOf: [one, second] }
  return { ...one, ...described, type: [one.type, 'null'] }
}

const isExample = (name: string, value: unknown) =>
  (name === 'examples' && Array.isArray(value)) || name === 'default' || name === 'const' || name === 'enum'

function isNoise(name: string, value: unknown, { format }: Json): boolean {
  if (name === 'maximum' || name === 'minimum') return Math.abs(Number(value)) === Number.MAX_SAFE_INTEGER
  // The format says the same as a pattern of hundreds of characters.
  return name === 'pattern' && KNOWN_FORMATS.has(String(format))
}

function withMeaning(wire: Json, { description, examples }: Json): Json {
  return {
    ...wire,
    ...(description === undefined ? {} : { description }),
    ...(examples === undefined ? {} : { examples }),
  }
}

function openEnum({ description, enum: values }: Json): Json {
  return {
    type: 'string',
    description: `${description}: ${(values as string[]).join(', ')}. ${OPEN}`,
    'x-extensible-enum': values,
  }
}

/** An exclusive choice by one field, which every alternative has with a value of its own. */
function discriminated({ anyOf, discriminator, ...rest }: Json, names: Record<string, Json>): Json {
  const { propertyName } = discriminator as { propertyName: string }
  const options = anyOf as { $ref: string }[]
  const mapping = options.map(({ $ref }) => [constantOf($ref, propertyName, names), componentOf($ref)])
  return { ...rest, oneOf: options, discriminator: { propertyName, mapping: Object.fromEntries(mapping) } }
}

function constantOf($ref: string, property: string, names: Record<string, Json>): string {
  const { properties, anyOf } = (names[nameIn($ref)] ?? {}) as {
    properties?: Record<string, { const?: string }>
    anyOf?: { $ref: string }[]
  }
  const value = properties?.[property]?.const
  if (value !== undefined) return value
  const [first] = anyOf ?? []
  if (first === undefined) throw new Error(`${$ref} has no constant ${property}`)
  return constantOf(first.$ref, property, names)
}

const nameIn = ($ref: string) => $ref.slice($ref.lastIndexOf('/') + 1)
const componentOf = ($ref: string) => `#/components/schemas/${nameIn($ref)}`

function refersToComponents(node: unknown): unknown {
  if (Array.isArray(node)) return node.map(refersToComponents)
  if (typeof node !== 'object' || node === null) return node
  return Object.fromEntries(
    Object.entries(node).map(([name, value]) => [
      name,
      name === '$ref' ? componentOf(String(value)) : refersToComponents(value),
    ]),
  )
}

function inlined(node: unknown, names: Record<string, Json>): Json {
  const walk = (each: unknown): unknown => {
    if (Array.isArray(each)) return each.map(walk)
    if (typeof each !== 'object' || each === null) return each
    const { $ref, discriminator: _, ...rest } = each as Json
    const own = Object.fromEntries(Object.entries(rest).map(([name, value]) => [name, walk(value)]))
    return $ref === undefined ? own : { ...(walk(names[nameIn(String($ref))]) as Json), ...own }
  }
  return walk(node) as Json
}
