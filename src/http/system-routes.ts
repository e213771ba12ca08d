import { z } from 'zod'
import { type AnyRoute, route } from './route.ts'

const readinessAnswer = z
  .strictObject({
    database: z.enum(['up', 'down']).describe('whether the database answers'),
    migrations: z.enum(['current', 'behind', 'unknown']).describe("whether it has this version's tables"),
    queue: z.enum(['up', 'down']).describe('for information: orders are accepted without it'),
  })
  .meta({ id: 'Readiness', description: 'Whether the server can accept orders' })

/** What the descriptions are made with: passed in, because they describe these routes too. */
interface Descriptions {
  openapi(version: string): object
  page(version: string): string
}

const readRoot = route({
  name: 'readRoot',
  method: 'GET',
  path: '/',
  summary: 'Redirects to the description for people',
  scope: null,
  answers: {
    302: {
      description: 'It is at /docs',
      contentType: 'text/plain; charset=utf-8',
      schema: null,
      example: 'see /docs',
      headers: { location: 'where it is' },
    },
  },
  problems: [],
  handle: async () => ({ status: 302, body: 'see /docs', headers: { location: '/docs' } }),
})

const readHealth = route({
  name: 'readHealth',
  method: 'GET',
  path: '/healthz',
  summary: 'Whether the process runs',
  scope: null,
  answers: {
    200: {
      description: 'It runs',
      schema: z
        .strictObject({ status: z.literal('ok').describe('always ok') })
        .meta({ id: 'Health', description: 'The process runs' }),
      example: { status: 'ok' },
    },
  },
  problems: [],
  handle: async () => ({ status: 200, body: { status: 'ok' } }),
})

const readReadiness = route({
  name: 'readReadiness',
  method: 'GET',
  path: '/readyz',
  summary: 'Whether the server can accept orders',
  scope: null,
  answers: {
    200: {
      description: 'It can',
      schema: readinessAnswer,
      example: { database: 'up', migrations: 'current', queue: 'up' },
    },
    503: {
      description: 'It cannot',
      schema: readinessAnswer,
      example: { database: 'down', migrations: 'unknown', queue: 'up' },
    },
  },
  problems: [],
  async handle(_input, { readiness }) {
    const { isReady, ...body } = await readiness()
    return { status: isReady ? 200 : 503, body }
  },
})

const readOpenapi = ({ openapi }: Descriptions) =>
  route({
    name: 'readOpenapi',
    method: 'GET',
    path: '/openapi.json',
    summary: 'This description for programs',
    scope: null,
    answers: {
      200: {
        description: 'OpenAPI 3.1',
        schema: z
          .looseObject({ openapi: z.literal('3.1.0').describe('the version of OpenAPI') })
          .meta({ id: 'OpenapiDocument', description: 'An OpenAPI document' }),
        example: { openapi: '3.1.0' },
      },
    },
    problems: [],
    handle: async (_input, { version }) => ({ status: 200, body: openapi(version) }),
  })

const readDocs = ({ page }: Descriptions) =>
  route({
    name: 'readDocs',
    method: 'GET',
    path: '/docs',
    summary: 'This description for people',
    scope: null,
    answers: {
      200: {
        description: 'A page',
        contentType: 'text/html; charset=utf-8',
        schema: null,
        example: '<!doctype html>',
      },
    },
    problems: [],
    handle: async (_input, { version }) => ({ status: 200, body: page(version) }),
  })

/** The public routes. */
export const systemRoutes = (descriptions: Descriptions) =>
  [
    readRoot,
    readHealth,
    readReadiness,
    readOpenapi(descriptions),
    readDocs(descriptions),
  ] satisfies AnyRoute[]
