interface Headers {
  readonly origin?: string | undefined
  readonly host?: string | undefined
  readonly 'sec-fetch-site'?: string | string[] | undefined
}

/**
 * Whether a form was sent by a page of the console. Browsers send Origin with every POST; a request without it, or of
 * another site, is refused. @param publicOrigin `CONSOLE_ORIGIN`; null: the host that was asked
 */
export function isSameOrigin(headers: Headers, publicOrigin: string | null): boolean {
  const { origin, host } = headers
  const site = headers['sec-fetch-site']
  if (site !== undefined && site !== 'same-origin') return false
  if (origin === undefined || host === undefined) return false
  return publicOrigin === null ? origin === `http://${host}` : origin === publicOrigin
}
