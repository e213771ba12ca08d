import { describe, expect, it } from 'vitest'
import { ConfigurationError, parseSettings } from '../../src/config.ts'

const problemOf = (variable: string, url: string) => {
  try {
    parseSettings({ [variable]: url })
    return null
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error
    return error.message
  }
}

describe('DATABASE_URL', () => {
  it.each([
    'postgres://goldpro:secret@127.0.0.1:5432/goldpro',
    'postgresql://goldpro@db.example/goldpro?sslmode=require',
    'postgres://goldpro:Raha%40sia%2Fx%23%3F@[::1]:5432/goldpro',
    'postgres://goldpro@%2Fvar%2Frun%2Fpostgresql/goldpro',
    'postgres:///goldpro?host=/var/run/postgresql',
    'postgres://goldpro:a:b=c&d@localhost/goldpro',
  ])('may be %s', (url) => {
    expect(problemOf('DATABASE_URL', url)).toBeNull()
  })

  it.each([
    'postgres://goldpro:Rahasia@Emas99/x@127.0.0.1:55432/main',
    'postgres://goldpro:Rahasia@Emas99@127.0.0.1:55432/main',
    'postgres://goldpro:Rahasia/Emas99@127.0.0.1:55432/main',
    'postgres://goldpro:1234/Emas99@127.0.0.1:55432/main',
    'postgres://goldpro:Rahasia?Emas99@127.0.0.1:55432/main',
    'postgres://goldpro:Rahasia#Emas99@127.0.0.1:55432/main',
    'postgres://goldpro:Rahasia%Emas99@127.0.0.1:55432/main',
    'postgres://goldpro:Rahasia Emas99@127.0.0.1:55432/main',
    'postgres://goldpro:Rahasia\\Emas99@127.0.0.1:55432/main',
    'postgres://goldpro:Rahasia^Emas99@127.0.0.1:55432/main',
    'postgres://goldpro:Rahasia@Emas99!/main',
    'postgres://goldpro:Rahasia@127.0.0.1:Emas99/main',
    'postgres://goldpro:Rahasia@127.0.0.1:5432',
    'postgres://goldpro:Rahasia@127.0.0.1:5432/',
    'postgres://goldpro:Rahasia@127.0.0.1:5432/main/Emas99',
    'postgres://goldpro:Rahasia@/main',
    'postgres://goldpro:Rahasia@127.0.0.1:0/main',
    'mysql://goldpro:Rahasia@Emas99/main',
    'Rahasia Emas99',
  ])('may not be %s, of which nothing is printed', (url) => {
    const problem = problemOf('DATABASE_URL', url)
    expect(problem).toMatch(/^DATABASE_URL must be a URL such as/)
    expect(problem).not.toMatch(/Rahasia|Emas99|127\.0|1234|main/)
  })
})

describe.each(['GATEWAY_URL', 'OTEL_EXPORTER_OTLP_ENDPOINT'])('%s', (variable) => {
  it.each(['http://127.0.0.1:4010', 'https://gateway.example/', 'https://gateway.example/base/path'])(
    'may be %s',
    (url) => {
      expect(problemOf(variable, url)).toBeNull()
    },
  )

  it.each([
    'https://user:Rahasia@gateway.example',
    'https://gateway.example?key=Rahasia',
    'https://gateway.example#Rahasia',
    'https://Rahasia!.example',
    'https://',
    'ftp://Rahasia.example',
  ])('may not be %s', (url) => {
    const problem = problemOf(variable, url)
    expect(problem).toContain(`${variable} must be a URL such as`)
    expect(problem).not.toContain('Rahasia')
  })
})

describe('REDIS_URL', () => {
  it.each(['redis://127.0.0.1:6379', 'rediss://:secret@redis.example:6380/1'])('may be %s', (url) => {
    expect(problemOf('REDIS_URL', url)).toBeNull()
  })

  it.each(['redis://:Raha@sia@h:6379', 'redis://:Raha/sia@h:6379', 'redis://h:6379/Rahasia', 'redis://'])(
    'may not be %s',
    (url) => {
      expect(problemOf('REDIS_URL', url)).toMatch(/^REDIS_URL must be a URL/)
      expect(problemOf('REDIS_URL', url)).not.toMatch(/Raha|sia/)
    },
  )
})
