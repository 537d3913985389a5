// One reader for each option in forward's block: takes its arguments from the directive, checks
// them, writes them to the draft.

import { isIP } from 'node:net'
import type { Directive } from '../../corefile/directive.ts'
import { durationError, formatDuration, parseDuration } from '../../corefile/duration.ts'
import { goAtoiError, goParseUintError, parseGoInt, parseGoUint } from '../../corefile/number.ts'
import { goQuote } from '../../corefile/quote.ts'
import { normalizeZone } from '../../corefile/zones.ts'
import { hostPort } from '../../upstream/endpoint.ts'
import { POLICIES } from '../../upstream/policy.ts'
import { nameFromText } from '../../wire/name.ts'
import { RCODE_NOERROR, rcodeFromText } from '../../wire/rcodes.ts'
import type { ForwardDraft } from './options.ts'
import { splitHostPort } from './to.ts'

type Reader = (directive: Directive, draft: ForwardDraft) => void

export const OPTIONS: ReadonlyMap<string, Reader> = new Map<string, Reader>([
  ['except', readExcept],
  [
    'force_tcp',
    flag(draft => {
      draft.forceTcp = true
    }),
  ],
  [
    'prefer_udp',
    flag(draft => {
      draft.preferUdp = true
    }),
  ],
  [
    'expire',
    (directive, draft) => {
      draft.expireMs = readDuration(
        directive,
        ms => `expire can't be negative: ${formatDuration(ms)}`,
      )
    },
  ],
  [
    'max_age',
    (directive, draft) => {
      draft.maxAgeMs = readDuration(
        directive,
        ms => `max_age can't be negative: ${formatDuration(ms)}`,
      )
    },
  ],
  [
    'max_idle_conns',
    (directive, draft) => {
      draft.maxIdleConns = readCount(directive, 'max_idle_conns')
    },
  ],
  ['read_timeout', readReadTimeout],
  [
    'max_fails',
    (directive, draft) => {
      draft.maxFails = readUint32(directive)
    },
  ],
  [
    'max_connect_attempts',
    (directive, draft) => {
      draft.maxConnectAttempts = readUint32(directive)
    },
  ],
  ['doh_method', readDohMethod],
  ['tls', readTls],
  [
    'tls_servername',
    (directive, draft) => {
      draft.tlsServerName = argument(directive)
    },
  ],
  ['policy', readPolicy],
  ['health_check', readHealthCheck],
  [
    'max_concurrent',
    (directive, draft) => {
      draft.maxConcurrent = readCount(directive, 'max_concurrent')
    },
  ],
  [
    'next',
    (directive, draft) => {
      draft.nextRcodes = [...draft.nextRcodes, ...readRcodes(directive)]
    },
  ],
  [
    'next_on_nodata',
    flag(draft => {
      draft.nextOnNodata = true
    }),
  ],
  [
    'failfast_all_unhealthy_upstreams',
    flag(draft => {
      draft.failfast = true
    }),
  ],
  ['failover', readFailover],
  ['source_address', readSourceAddress],
  ['resolver', readResolvers],
])

export const OPTION_NAMES: readonly string[] = [...OPTIONS.keys()]

function flag(set: (draft: ForwardDraft) => void): Reader {
  return (directive, draft) => {
    if (directive.nextArg()) throw directive.argErr()
    set(draft)
  }
}

function argument(directive: Directive): string {
  if (!directive.nextArg()) throw directive.argErr()
  return directive.val()
}

function args(directive: Directive): string[] {
  const found = directive.remainingArgs()
  if (found.length === 0) throw directive.argErr()
  return found
}

/** Milliseconds, 0 or more. */
function readDuration(directive: Directive, negative: (ms: number) => string): number {
  const ms = readAnyDuration(directive)
  if (ms < 0) throw directive.plainErr(negative(ms))
  return ms
}

function readAnyDuration(directive: Directive): number {
  const text = argument(directive)
  const ms = parseDuration(text)
  if (ms === undefined) throw directive.plainErr(durationError(text))
  return ms
}

function readCount(directive: Directive, name: string): number {
  const text = argument(directive)
  const count = parseGoInt(text)
  if (count === undefined) throw directive.plainErr(goAtoiError(text))
  if (count < 0) throw directive.plainErr(`${name} can't be negative: ${count}`)
  return count
}

function readUint32(directive: Directive): number {
  const text = argument(directive)
  const number = parseGoUint(text, 32)
  if (number === undefined) throw directive.plainErr(goParseUintError(text))
  return number
}

function readExcept(directive: Directive, draft: ForwardDraft): void {
  const zones = args(directive).flatMap(name => normalizeZone(name) ?? [])
  draft.except = [...draft.except, ...zones.filter(zone => nameFromText(zone) !== undefined)]
}

function readReadTimeout(directive: Directive, draft: ForwardDraft): void {
  const ms = readAnyDuration(directive)
  if (ms <= 0) throw directive.plainErr(`read_timeout must be positive: ${formatDuration(ms)}`)
  draft.readTimeoutMs = ms
}

function readDohMethod(directive: Directive): void {
  const method = argument(directive)
  if (method !== 'POST' && method !== 'GET')
    throw directive.plainErr('doh_method must be either POST or GET')
  throw directive.plainErr(
    'doh_method is not supported by shardns yet: there are no DNS over HTTPS upstreams',
  )
}

function readTls(directive: Directive, draft: ForwardDraft): void {
  const files = directive.remainingArgs()
  if (files.length > 3) throw directive.argErr()
  draft.tlsFiles = files
}

function readPolicy(directive: Directive, draft: ForwardDraft): void {
  const name = argument(directive)
  const policy = POLICIES.find(known => known === name)
  if (policy === undefined) throw directive.unknownOption(`unknown policy '${name}'`, POLICIES)
  draft.policy = policy
}

function readHealthCheck(directive: Directive, draft: ForwardDraft): void {
  draft.healthCheckMs = readDuration(
    directive,
    ms => `health_check can't be negative: ${Math.round(ms * 1e6)}`,
  )
  draft.healthCheckName = '.'
  while (directive.nextArg()) {
    const option = directive.val()
    if (option === 'no_rec') draft.healthCheckRecursion = false
    else if (option === 'domain') draft.healthCheckName = readDomain(directive)
    else throw directive.plainErr(`health_check: unknown option ${option}`)
  }
}

function readDomain(directive: Directive): string {
  const text = argument(directive)
  const name = text.endsWith('.') ? text : `${text}.`
  if (nameFromText(name) === undefined)
    throw directive.plainErr(`health_check: invalid domain name ${text}`)
  return name.toLowerCase()
}

function readRcodes(directive: Directive): number[] {
  return args(directive).map(text => {
    const rcode = rcodeFromText(text)
    if (rcode === undefined) throw directive.plainErr(`${text} is not a valid rcode`)
    return rcode
  })
}

function readFailover(directive: Directive, draft: ForwardDraft): void {
  const rcodes = readRcodes(directive)
  if (rcodes.includes(RCODE_NOERROR)) throw directive.plainErr('NoError cannot be used in failover')
  draft.failoverRcodes = [...draft.failoverRcodes, ...rcodes]
}

function readSourceAddress(directive: Directive, draft: ForwardDraft): void {
  const address = argument(directive)
  if (isIP(address) === 0) throw directive.plainErr(`invalid IP address: ${address}`)
  draft.sourceAddress = address
}

function readResolvers(directive: Directive, draft: ForwardDraft): void {
  draft.resolvers = args(directive).map(text => {
    const { host, port } = splitHostPort(text)
    const number = port === undefined ? 53 : Number(port)
    if (isIP(host) === 0 || !/^\d{1,5}$/.test(port ?? '53') || number < 1 || number > 65535) {
      throw directive.plainErr(`resolver must be an IP address or IP:port: ${goQuote(text)}`)
    }
    return hostPort(host, number)
  })
}
