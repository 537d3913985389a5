// Turns errors of sockets, TLS and HTTP into one sentence that names what to fix. Pure.

import { messageOf } from '../chain/errors.ts'
import { KubeError, type KubeErrorKind } from './kube-error.ts'

/** What a sentence may have to name. */
export interface DialPlace {
  readonly url: URL
  /** Where the CA comes from: `the CA in /path`. */
  readonly authorityName: string
  /** What we show: `the token in /path`. */
  readonly credentialsName: string
}

const UNSIGNED = new Set([
  'CERT_SIGNATURE_FAILURE',
  'CERT_UNTRUSTED',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'INVALID_CA',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
])
const CUT = new Set(['ECONNRESET', 'EPIPE', 'ECONNABORTED', 'ERR_STREAM_PREMATURE_CLOSE'])
const UNREACHABLE = new Set([
  'EHOSTUNREACH',
  'ENETUNREACH',
  'EHOSTDOWN',
  'ENETDOWN',
  'EADDRNOTAVAIL',
  'EPERM',
  'EACCES',
])
const NOT_FOUND = new Set(['ENOTFOUND', 'EAI_AGAIN', 'EAI_FAIL', 'EAI_NODATA', 'EAI_NONAME'])

export const dialFailure = (error: unknown, place: DialPlace): KubeError => {
  if (error instanceof KubeError) return error
  const [kind, text] = diagnose(codeOf(error), wordsOf(error), place)
  return new KubeError(kind, text, { cause: error })
}

/** Node lists the names of a certificate only where none of them is an address. */
const wordsOf = (error: unknown): string => {
  const names = (
    error as { readonly cert?: { readonly subjectaltname?: unknown } } | null | undefined
  )?.cert?.subjectaltname
  return typeof names === 'string' ? names : messageOf(error)
}

export const codeOf = (error: unknown): string => {
  const code = (error as { readonly code?: unknown } | null | undefined)?.code
  return typeof code === 'string' ? code : ''
}

const diagnose = (code: string, message: string, place: DialPlace): [KubeErrorKind, string] => {
  const { url } = place
  const server = `${url.protocol}//${url.host}`
  if (code === 'ECONNREFUSED')
    return [
      'unreached',
      `${server} refuses the connection (${code}): is the API server up, and may this pod reach it?`,
    ]
  if (UNREACHABLE.has(code))
    return [
      'unreached',
      `${server} cannot be reached (${code}): is there a route to it, and does no network policy forbid it?`,
    ]
  if (code === 'ETIMEDOUT')
    return [
      'timeout',
      `${server} does not answer (${code}): is the address right, and does no firewall or network policy drop the packets?`,
    ]
  if (NOT_FOUND.has(code))
    return [
      'unreached',
      `the host name ${url.hostname} of the API server is not found (${code}): is it spelled right, and does this host's resolver work?`,
    ]
  if (CUT.has(code)) return ['network', `${server} cut the connection (${code})`]
  if (code.startsWith('HPE_'))
    return [
      'network',
      `${server} sends what is no HTTP (${code}): is this the port of the API server, and is ${url.protocol}// right?`,
    ]
  return (
    diagnoseTls(code, message, place) ?? [
      'network',
      `${server} cannot be asked: ${message === '' ? code : message}`,
    ]
  )
}

const diagnoseTls = (
  code: string,
  message: string,
  place: DialPlace,
): [KubeErrorKind, string] | undefined => {
  const server = `${place.url.protocol}//${place.url.host}`
  if (UNSIGNED.has(code))
    return [
      'tls',
      `${server}: its certificate is not signed by ${place.authorityName} (${code}): is that the CA of this cluster?`,
    ]
  if (code === 'CERT_HAS_EXPIRED')
    return [
      'tls',
      `${server}: its certificate, or a CA's, has expired (${code}): renew it, or set this host's clock right`,
    ]
  if (code === 'CERT_NOT_YET_VALID')
    return [
      'tls',
      `${server}: its certificate is not valid yet (${code}): is this host's clock right?`,
    ]
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID')
    return [
      'tls',
      `${server}: its certificate is for other names: use one of those in the URL, or give it as tls-server-name (${message})`,
    ]
  // The code where OpenSSL has one, else its text, whose first line says `ssl/tls alert bad
  // certificate`.
  const alert = /ALERT_(?<code>\w+)|\balert (?<text>[a-z ]+)/.exec(`${code} ${message}`)?.groups
  const said = (alert?.code?.replaceAll('_', ' ') ?? alert?.text ?? '').toLowerCase()
  if (/certificate|unknown ca|access denied|handshake failure/.test(said))
    return [
      'tls',
      `${server} does not accept ${place.credentialsName} in the TLS handshake (${said}): is it of this cluster, and not expired?`,
    ]
  if (code === 'EPROTO' || code.startsWith('ERR_SSL_') || code.startsWith('ERR_TLS_'))
    return [
      'tls',
      `${server}: no TLS connection comes about (${code}): is this the API server's TLS port, and does it speak TLS 1.2 or later?`,
    ]
  return undefined
}
