// The grammar of forward's TO arguments, without access to the file system or the network. The
// control half then decides whether a word is a file or a host name.

import { isIP, isIPv6 } from '../../base/ip-text.ts'
import { goQuote } from '../../corefile/words/strconv.ts'
import { hostPort } from '../../upstream/endpoint.ts'
import { splitHostPort } from '../../upstream/written-address.ts'

const SERVED = ['dns', 'tls', 'https'] as const
type Served = (typeof SERVED)[number]

export type To =
  | {
      readonly kind: 'address'
      readonly protocol: Served
      readonly address: string
      readonly port: number
      readonly serverName: string
    }
  /** A resolv.conf file or a host name. `host` is undefined when the text cannot be a host name. */
  | {
      readonly kind: 'place'
      readonly protocol: Served
      readonly text: string
      readonly isFileAllowed: boolean
      readonly host: string | undefined
      readonly port: number
    }

const DEFAULT_PORTS = { dns: 53, tls: 853, quic: 853, grpc: 443, https: 443, https3: 443 } as const
const SCHEME = /^(dns|tls|quic|grpc|https3|https|unix):\/\/(.*)$/s
/**
 * Letters, digits, hyphens and underscores; a last label of digits only would be a mistyped
 * address.
 */
const HOST_NAME =
  /^(?=.{1,254}$)(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?\.)*(?!\d+\.?$)[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?\.?$/i

/** Throws a plain Error with CoreDNS's text. */
export const parseTo = (text: string): To => {
  const match = SCHEME.exec(text)
  const scheme = match?.[1] ?? 'dns'
  const rest = match?.[2] ?? text
  if (!isServed(scheme)) throw refusal(scheme, rest, text)
  if (scheme === 'https' && rest.includes('/'))
    throw new Error(
      `paths are not allowed in HTTPS upstream addresses (the /dns-query path is used by default): ${text}`,
    )
  const { host, port } = splitHostPort(rest)
  const percent = host.indexOf('%')
  const address = percent < 0 ? host : host.slice(0, percent)
  const name = percent < 0 ? '' : host.slice(percent + 1)
  const isAddress =
    isIP(address) !== 0 && (percent < 0 || (name !== '' && (scheme !== 'dns' || isIPv6(address))))
  if (isAddress) {
    const number = readPort(port, DEFAULT_PORTS[scheme], text)
    // Over TLS what follows % is the server's name, as in tls://192.0.2.1%dns.example.net;
    // over HTTPS it says nothing, as in CoreDNS; elsewhere it is the zone of a link-local address.
    return {
      kind: 'address',
      protocol: scheme,
      address: scheme === 'dns' ? host : address,
      port: number,
      serverName: scheme === 'tls' ? name : '',
    }
  }
  if (host === '') throw new Error(`invalid address: ${goQuote(text)}`)
  const isHost = HOST_NAME.test(host) && /^\d*$/.test(port ?? '')
  const portNumber = isHost ? readPort(port, DEFAULT_PORTS[scheme], text) : DEFAULT_PORTS[scheme]
  return {
    kind: 'place',
    protocol: scheme,
    text,
    isFileAllowed: match === null,
    host: isHost ? host : undefined,
    port: portNumber,
  }
}

const isServed = (scheme: string): scheme is Served =>
  (SERVED as readonly string[]).includes(scheme)

/** Why a scheme that is known, but not served, is refused. */
const refusal = (scheme: string, rest: string, text: string): Error => {
  const { host, port } = splitHostPort(rest)
  const shown =
    scheme !== 'unix' && port === undefined && isIP(host) !== 0
      ? `${scheme}://${hostPort(host, DEFAULT_PORTS[scheme as keyof typeof DEFAULT_PORTS])}`
      : text
  return new Error(`'${scheme}' is not supported as a destination protocol in forward: ${shown}`)
}

const readPort = (port: string | undefined, fallback: number, text: string): number => {
  if (port === undefined) return fallback
  const number = /^\d{1,5}$/.test(port) ? Number(port) : 0
  if (number < 1 || number > 65535) throw new Error(`invalid address: ${goQuote(text)}`)
  return number
}
