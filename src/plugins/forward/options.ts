// Corefile to options of forward: one ForwardOptions for each occurrence of the directive in the
// block, in file order.

import type { Directive } from '../../corefile/directive.ts'
import { formatDuration } from '../../corefile/duration.ts'
import { normalizeZone } from '../../corefile/zones.ts'
import { hostPort } from '../../upstream/endpoint.ts'
import type { PolicyName } from '../../upstream/policy.ts'
import { nameFromText } from '../../wire/name.ts'
import { OPTION_NAMES, OPTIONS } from './option-readers.ts'
import { parseTo, type To } from './to.ts'

/**
 * As many as CoreDNS allows; a file or a host name counts once, however many addresses it yields.
 */
const TO_LIMIT = 15

export interface ForwardOptions {
  /** Normalised zone. */
  readonly from: string
  readonly except: readonly string[]
  readonly to: readonly To[]
  readonly forceTcp: boolean
  readonly preferUdp: boolean
  readonly expireMs: number
  /** 0: connections may grow any age. */
  readonly maxAgeMs: number
  /** 0: any number. */
  readonly maxIdleConns: number
  readonly readTimeoutMs: number
  /** Failed probes after which an upstream is down; 0: never down, never probed. */
  readonly maxFails: number
  /** Failed attempts per query; 0: no cap; undefined: twice the number of upstreams. */
  readonly maxConnectAttempts: number | undefined
  /** Arguments of `tls`: none, CA, CERT KEY, or CERT KEY CA. */
  readonly tlsFiles: readonly string[]
  readonly tlsServerName: string
  readonly policy: PolicyName
  readonly healthCheckMs: number
  readonly healthCheckRecursion: boolean
  /** Name the probe asks for, with trailing dot. */
  readonly healthCheckName: string
  /** 0: no limit. */
  readonly maxConcurrent: number
  readonly nextRcodes: readonly number[]
  readonly nextOnNodata: boolean
  readonly failfast: boolean
  readonly failoverRcodes: readonly number[]
  /** '' leaves the choice to the kernel. */
  readonly sourceAddress: string
  /** IP:PORT texts; none: the system's resolver. */
  readonly resolvers: readonly string[]
}

export type ForwardDraft = { -readonly [Key in keyof ForwardOptions]: ForwardOptions[Key] }

const DEFAULTS: ForwardOptions = {
  from: '.',
  except: [],
  to: [],
  forceTcp: false,
  preferUdp: false,
  expireMs: 10_000,
  maxAgeMs: 0,
  maxIdleConns: 0,
  readTimeoutMs: 2000,
  maxFails: 2,
  maxConnectAttempts: undefined,
  tlsFiles: [],
  tlsServerName: '',
  policy: 'random',
  healthCheckMs: 500,
  healthCheckRecursion: true,
  healthCheckName: '.',
  maxConcurrent: 0,
  nextRcodes: [],
  nextOnNodata: false,
  failfast: false,
  failoverRcodes: [],
  sourceAddress: '',
  resolvers: [],
}

export function parse(directive: Directive): readonly ForwardOptions[] {
  const stanzas: ForwardOptions[] = []
  while (directive.next()) stanzas.push(parseStanza(directive))
  return stanzas
}

function parseStanza(directive: Directive): ForwardOptions {
  const draft: ForwardDraft = { ...DEFAULTS }
  draft.from = readFrom(directive)
  const tokens = directive.remainingTokens()
  if (tokens.length === 0) throw directive.argErr()
  while (directive.nextBlock()) {
    const read = OPTIONS.get(directive.val())
    if (read === undefined)
      throw directive.unknownOption(`unknown property '${directive.val()}'`, OPTION_NAMES)
    read(directive, draft)
  }
  checkConnectionAges(directive, draft)
  if (tokens.length > TO_LIMIT)
    throw directive.plainErr(`more than ${TO_LIMIT} TOs configured: ${tokens.length}`)
  draft.to = tokens.map(token => {
    try {
      return parseTo(token.text)
    } catch (error) {
      if (!(error instanceof Error)) throw error
      throw directive.plainErr(error.message, { code: 'forward-to', token })
    }
  })
  checkServerNames(directive, draft)
  return draft
}

function readFrom(directive: Directive): string {
  if (!directive.nextArg()) throw directive.argErr()
  const text = directive.val()
  const [zone, ...others] = normalizeZone(text) ?? []
  if (zone === undefined || nameFromText(zone) === undefined)
    throw directive.plainErr(`unable to normalize '${text}'`)
  if (others.length > 0) {
    directive.warn(
      `Unsupported CIDR notation: '${text}' expands to multiple zones. Using only '${zone}'.`,
      'forward-cidr',
    )
  }
  return zone
}

function checkConnectionAges(directive: Directive, { maxAgeMs, expireMs }: ForwardDraft): void {
  if (maxAgeMs === 0 || maxAgeMs >= expireMs) return
  throw directive.plainErr(
    `max_age (${formatDuration(maxAgeMs)}) must not be less than expire (${formatDuration(expireMs)})`,
  )
}

function checkServerNames(directive: Directive, { to, tlsServerName }: ForwardDraft): void {
  if (tlsServerName === '') return
  for (const place of to) {
    if (place.kind !== 'address' || place.serverName === '') continue
    const texts = `('${tlsServerName}') and proxy level ('${place.serverName}')`
    throw directive.plainErr(
      `both forward ${texts} TLS servernames are set for upstream proxy '${hostPort(place.address, place.port)}'`,
    )
  }
}
