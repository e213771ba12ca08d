import { execFile } from 'node:child_process'
import type { Socket } from 'node:net'
import type { SecureVersion, TLSSocket } from 'node:tls'
import { promisify } from 'node:util'
import { afterEach, describe, expect, it } from 'vitest'
import { overTls, RAW_BODY, rawReply, serveRaw, tlsFile } from '../support/servers/raw-server.ts'

const toStop: (() => void)[] = []
afterEach(() => {
  for (const stop of toStop.splice(0)) stop()
})

const VERSIONS: SecureVersion[] = ['TLSv1.2', 'TLSv1.3']

/** A server of one TLS version, and whether each of its connections resumed a session. */
async function serveTls(version: SecureVersion) {
  const resumed: boolean[] = []
  const server = await serveRaw(
    (socket) => socket.write(rawReply('"tls"')),
    overTls({ minVersion: version, maxVersion: version }),
    (socket: Socket) => resumed.push((socket as TLSSocket).isSessionReused()),
  )
  toStop.push(server.stop)
  return { ...server, resumed }
}

/** Outcomes of fresh requests, one after the other, sent by a process that trusts the test's certificate. */
async function postThrice(url: string, body = 'await post()'): Promise<unknown[]> {
  // Node takes further certificate authorities only when it starts.
  const script = `
    const { openTransport } = await import(${JSON.stringify(new URL('../../dist/gateway/transport.js', import.meta.url).href)})
    const transport = openTransport(${JSON.stringify(url)})
    const post = () => transport.post({ path: '/', body: '${RAW_BODY}', headers: {}, connection: 'fresh', timeoutMs: 60000 })
    const outcomes = []
    for (let n = 0; n < 3; n += 1) outcomes.push(${body})
    transport.close()
    console.log(JSON.stringify(outcomes))`
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', script], {
    env: { ...process.env, NODE_EXTRA_CA_CERTS: tlsFile('certificate.pem') },
  })
  return JSON.parse(stdout)
}

describe.each(VERSIONS)('over %s', (version) => {
  it('each new connection resumes the session of an earlier one', async () => {
    const { port, seen, resumed } = await serveTls(version)
    const outcomes = await postThrice(`https://127.0.0.1:${port}`)
    expect(outcomes).toEqual(Array(3).fill({ is: 'reply', status: 200, text: '"tls"' }))
    expect(seen).toMatchObject({ connections: 3, requests: 3 })
    expect(resumed).toEqual([false, true, true])
  })

  it('so does one that is opened ahead', async () => {
    const { port, seen, resumed } = await serveTls(version)
    const outcomes = await postThrice(`https://127.0.0.1:${port}`, '(transport.openAhead(), await post())')
    expect(outcomes).toEqual(Array(3).fill({ is: 'reply', status: 200, text: '"tls"' }))
    expect(seen).toMatchObject({ connections: 3, requests: 3 })
    expect(resumed).toEqual([false, true, true])
  })

  it('a certificate for another host is refused each time, and nothing is sent', async () => {
    const { port, seen, resumed } = await serveTls(version)
    const outcomes = await postThrice(`https://localhost:${port}`)
    expect(outcomes).toEqual(
      Array(3).fill({ is: 'failure', wasSent: false, code: 'ERR_TLS_CERT_ALTNAME_INVALID' }),
    )
    expect(seen.requests).toBe(0)
    expect(resumed).not.toContain(true)
  })
})
