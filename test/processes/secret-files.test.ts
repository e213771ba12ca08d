import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { parseAllDocuments } from 'yaml'
import { ConfigurationError, FILE_SETTINGS, SECRET_SETTINGS, SETTINGS } from '../../src/config.ts'
import { readSecretFiles } from '../../src/processes/secret-files.ts'
import { keepOwnSettings } from '../../src/processes/setting-users.ts'
import { readText } from '../ground/tables.ts'
import { runInProcess } from '../support/in-process.ts'

interface Container {
  readonly env: readonly { readonly name: string; readonly valueFrom?: { readonly secretKeyRef?: unknown } }[]
}

const folder = mkdtempSync(join(tmpdir(), 'goldpro-secrets-'))
afterAll(() => rmSync(folder, { recursive: true }))

function file(content: string | Buffer): string {
  const path = join(folder, Math.random().toString(36).slice(2))
  writeFileSync(path, content)
  return path
}

function read(env: Record<string, string>): Record<string, string | undefined> {
  const copy: Record<string, string | undefined> = { ...env }
  readSecretFiles(copy)
  return copy
}

describe('a secret in a file', () => {
  it.each(FILE_SETTINGS)('is %s, without the line break at its end, and its path is forgotten', (name) => {
    expect(read({ [`${name}_FILE`]: file('s3cret value\n') })).toEqual({ [name]: 's3cret value' })
  })

  it('is every setting whose name says that it is secret', () => {
    const named = Object.keys(SETTINGS).filter((name) => /SECRET|TOKEN$|PASSWORD/.test(name))
    expect(SECRET_SETTINGS).toEqual(expect.arrayContaining(named))
  })

  it('is everything that the manifests take from a Secret, and everything that has a URL with a password', () => {
    const names = ['worker', 'scheduler', 'web', 'console', 'migrate-job'].flatMap((file) =>
      parseAllDocuments(readText(`deploy/kubernetes/${file}.yaml`)).flatMap((document) => {
        const { spec } = document.toJS() as { spec: { template?: { spec: { containers: [Container] } } } }
        return spec.template?.spec.containers[0].env ?? []
      }),
    )
    const secret = names.filter(({ valueFrom }) => valueFrom?.secretKeyRef !== undefined)
    expect(secret.length).toBeGreaterThan(20)
    expect(FILE_SETTINGS).toEqual(expect.arrayContaining([...new Set(secret.map(({ name }) => name))]))
    // A query may be a password too.
    const addresses = Object.entries(SETTINGS).filter(([, schema]) =>
      ['https://x.example/a?token=b', 'postgres://a:b@x.example/c', 'redis://:a@x.example'].some(
        (address) =>
          /URL/.test(schema.safeParse('x').error?.issues[0]?.message ?? '') &&
          schema.safeParse(address).success,
      ),
    )
    expect(addresses.map(([name]) => name).sort()).toEqual(['DATABASE_URL', 'OPS_WEBHOOK_URL', 'REDIS_URL'])
    expect(SECRET_SETTINGS).toEqual(expect.arrayContaining(addresses.map(([name]) => name)))
  })

  it.each([
    ['both are set', { DATABASE_URL: 'postgres://here', DATABASE_URL_FILE: '/dev/null' }, 'both set'],
    ['there is no such file', { DATABASE_URL_FILE: join(folder, 'missing') }, 'can be read (ENOENT)'],
    ['it is a folder', { DATABASE_URL_FILE: folder }, 'can be read (EISDIR)'],
    ['it is empty', { DATABASE_URL_FILE: file('\n') }, 'in one line'],
    ['it has two lines', { DATABASE_URL_FILE: file('hidden\nhidden\n') }, 'in one line'],
    ['it is no text', { DATABASE_URL_FILE: file(Buffer.from([1, 0, 2])) }, 'in one line'],
    ['it is huge', { DATABASE_URL_FILE: file('x'.repeat(65_537)) }, 'in one line'],
  ])('is refused where %s, and never printed', (_why, env, problem) => {
    const refusal = () => read(env)
    expect(refusal).toThrow(ConfigurationError)
    expect(refusal).toThrow(problem)
    expect(refusal).toThrow('DATABASE_URL_FILE')
    expect(refusal).not.toThrow('hidden')
  })

  it('is taken for the setting, and where it is empty for none', () => {
    expect(read({ REDIS_URL: 'redis://here', REDIS_URL_FILE: '' })).toEqual({ REDIS_URL: 'redis://here' })
  })

  it('is read by no process that does not use the setting', () => {
    const env = { OPS_WEBHOOK_SECRET_FILE: '/run/secrets/ops', DATABASE_URL_FILE: '/run/secrets/database' }
    keepOwnSettings('worker', env)
    expect(env).toEqual({ DATABASE_URL_FILE: '/run/secrets/database' })
  })

  it('is used by a command', async () => {
    const env = { DATABASE_URL_FILE: file('mysql://localhost/x') }
    const { code, err } = await runInProcess(['orders', 'list'], { env, cwd: folder, input: '' })
    expect(code).toBe(2)
    expect(err).toContain('DATABASE_URL')
  })
})
