import { generateKeyPairSync } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Provider } from 'oidc-provider'

/** An OpenID Connect provider, by a library of providers, where everybody is whoever the test says. */
export interface AccountProvider {
  readonly issuer: string
  readonly clientId: string
  readonly clientSecret: string
  /** Who signs in at it next. */
  subject: string
  /** What becomes of an ID token on its way to the console. */
  tamper: (idToken: string) => string
  /** Follows a browser from the address at the provider until it is sent back; gives the query of the callback. */
  visit(address: string): Promise<URLSearchParams>
  stop(): Promise<void>
}

export async function startAccountProvider(redirectUri: string): Promise<AccountProvider> {
  let handle: (request: IncomingMessage, response: ServerResponse) => unknown = () => {}
  const server = createServer((request, response) => void handle(request, response))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const [clientId, clientSecret] = ['goldpro', 'a secret of a client in tests only']
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const provider = new Provider(issuer, {
    clients: [{ client_id: clientId, client_secret: clientSecret, redirect_uris: [redirectUri] }],
    jwks: {
      keys: [{ ...privateKey.export({ format: 'jwk' }), use: 'sig', alg: 'RS256', kid: 'one' } as never],
    },
    cookies: { keys: ['a key of cookies in tests only'] },
    features: { devInteractions: { enabled: false } },
    findAccount: (_ctx, accountId) => ({ accountId, claims: async () => ({ sub: accountId }) }),
    ttl: { AccessToken: 60, Grant: 60, IdToken: 60, Interaction: 60, Session: 60 },
    interactions: { url: (_ctx, { uid }) => `/login/${uid}` },
    async loadExistingGrant({ oidc }) {
      const grant = new provider.Grant({
        clientId: oidc.client?.clientId ?? '',
        accountId: oidc.session?.accountId ?? '',
      })
      grant.addOIDCScope('openid')
      await grant.save()
      return grant
    },
  })
  const here: AccountProvider = {
    ...{ issuer, clientId, clientSecret, subject: '', tamper: (idToken) => idToken },
    visit: (address) => visit(address, redirectUri),
    stop: async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
  const answer = provider.callback()
  handle = async (request, response) => {
    if (request.url?.startsWith('/login/')) {
      await provider.interactionFinished(request, response, { login: { accountId: here.subject } })
      return
    }
    if (request.url === '/token') tamperWith(response, (idToken) => here.tamper(idToken))
    answer(request, response)
  }
  return here
}

function tamperWith(response: ServerResponse, tamper: (idToken: string) => string): void {
  const end = response.end.bind(response) as (body: string) => ServerResponse
  response.end = ((body: string) => {
    const json = JSON.parse(String(body))
    if (json.id_token !== undefined) json.id_token = tamper(json.id_token)
    const changed = JSON.stringify(json)
    response.setHeader('content-length', Buffer.byteLength(changed))
    return end(changed)
  }) as typeof response.end
}

async function visit(address: string, redirectUri: string): Promise<URLSearchParams> {
  const cookies = new Map<string, string>()
  for (let at = address; ; ) {
    const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join('; ')
    const reply = await fetch(at, { redirect: 'manual', headers: { cookie } })
    for (const set of reply.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(set) ?? []
      cookies.set(name, value)
    }
    const location = reply.headers.get('location')
    if (location === null) throw new Error(`the provider answers ${reply.status}: ${await reply.text()}`)
    at = new URL(location, at).href
    if (at.startsWith(redirectUri)) return new URL(at).searchParams
  }
}
