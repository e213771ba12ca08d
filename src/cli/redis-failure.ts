import { errorCode, Failure } from './failure.ts'

const UNTRUSTED =
  'the issuer of the certificate of Redis is not trusted here: set NODE_EXTRA_CA_CERTS to the file of its CA'
const NO_TLS =
  'Redis does not speak TLS at this address, or is away: start it, correct host and port, or write redis:// in REDIS_URL where the network is trusted'

/** What to do about an error code of TLS: only other settings help. */
const REMEDIES: Readonly<Record<string, string>> = {
  DEPTH_ZERO_SELF_SIGNED_CERT: UNTRUSTED,
  SELF_SIGNED_CERT_IN_CHAIN: UNTRUSTED,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: UNTRUSTED,
  UNABLE_TO_GET_ISSUER_CERT: UNTRUSTED,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: UNTRUSTED,
  ERR_TLS_CERT_ALTNAME_INVALID:
    'the certificate of Redis names another host: use a name in the certificate as the host of REDIS_URL',
  CERT_HAS_EXPIRED: 'the certificate of Redis has expired: renew it at the server',
  ERR_SSL_WRONG_VERSION_NUMBER: NO_TLS,
}

/** Describes an error of Redis's TLS to a person: what is wrong and what to do. Null: the code is not listed here. */
export function redisFailure(error: unknown, redisUrl: string): Failure | null {
  const code = errorCode(error)
  // A Redis without TLS waits for the end of a line that a handshake does not have.
  if (code === 'ETIMEDOUT' && redisUrl.startsWith('rediss:')) return new Failure(1, `${NO_TLS} (${code})`)
  const line = REMEDIES[code]
  return line === undefined ? null : new Failure(2, `${line} (${code})`)
}
