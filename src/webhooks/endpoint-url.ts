import { isIP } from 'node:net'
import { isLoopback, mayReach } from './reachable-addresses.ts'

export type ParsedUrl =
  | { readonly is: 'allowed'; readonly url: URL }
  | { readonly is: 'refused'; readonly message: string }

const MAX_LENGTH = 2_000

/**
 * Checks an endpoint's URL as written; the addresses of its name are vetted at every send.
 * `URL` normalizes decimal, octal, hexadecimal and full-width addresses to plain ones, and IDN to punycode.
 */
export function parseEndpointUrl(text: string, allowLoopback: boolean): ParsedUrl {
  const url = text.length <= MAX_LENGTH && URL.canParse(text) ? new URL(text) : null
  if (url === null) return { is: 'refused', message: `it is no URL of at most ${MAX_LENGTH} characters` }
  const message = problemOf(url, allowLoopback)
  return message === null ? { is: 'allowed', url } : { is: 'refused', message }
}

function problemOf(url: URL, allowLoopback: boolean): string | null {
  const host = hostOf(url)
  const isLocal = allowLoopback && (host === 'localhost' || isLoopback(host))
  if (url.protocol !== 'https:' && !(url.protocol === 'http:' && isLocal))
    return isLoopback(host) || host === 'localhost'
      ? 'it must begin with https:// (while developing, WEBHOOK_ALLOW_LOOPBACK=true allows receivers on this machine)'
      : 'it must begin with https://'
  if (url.username !== '' || url.password !== '') return 'it must not have a user or password in it'
  if (url.hash !== '') return 'it must not have a fragment'
  // TLS server names have no final dot.
  if (host.endsWith('.')) return 'its host must not end with a dot'
  if (isIP(host) !== 0 && !isLocal && !mayReach(host)) return 'its address is not one of the public internet'
  return null
}

/** The host as a resolver takes it: an IPv6 address without its brackets. */
export function hostOf(url: URL): string {
  return url.hostname.replace(/^\[|\]$/g, '')
}

/** An endpoint's URL as it may be shown: its query may be a password. */
export function shownUrl(url: string): string {
  const { origin, pathname, search } = new URL(url)
  return origin + pathname + (search === '' ? '' : '?…')
}
