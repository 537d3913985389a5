// Corefile to options of forward: one ForwardOptions for each occurrence of the directive in the
// block, in file order.

import { isIP } from '../../base/ip-text.ts'
import type { CorefileError } from '../../corefile/diagnostics/diagnostic.ts'
import type { Directive } from '../../corefile/options/directive.ts'
import { argumentsOf, flag, list, option, words } from '../../corefile/options/option-rows.ts'
import { eachOccurrence, type OptionTable } from '../../corefile/options/option-table.ts'
import {
  type Argument,
  duration,
  integer,
  ipAddress,
  oneOf,
  parsed,
  text,
  unsigned32,
  type Value,
} from '../../corefile/options/values.ts'
import { formatDuration } from '../../corefile/words/duration.ts'
import { goQuote } from '../../corefile/words/strconv.ts'
import { DOH_METHODS, type DohMethod } from '../../upstream/doh.ts'
import { hostPort } from '../../upstream/endpoint.ts'
import type { PolicyName } from '../../upstream/policy.ts'
import {
  except,
  from,
  isName,
  policy,
  single,
  TO_LIMIT,
  tlsFiles,
} from '../../upstream/relay-options.ts'
import { splitHostPort } from '../../upstream/written-address.ts'
import { RCODE_NOERROR, rcodeFromText } from '../../wire/rcodes.ts'
import { parseTo, type To } from './to.ts'

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
  /** For upstreams over HTTPS. */
  readonly dohMethod: DohMethod
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

/** What the rows read. The health check's fields come from one line; TO is read last of all. */
type Read = Omit<
  ForwardOptions,
  'to' | 'healthCheckMs' | 'healthCheckRecursion' | 'healthCheckName'
> & {
  readonly places: readonly Argument[]
  readonly healthCheck: HealthCheck
}

type HealthCheck = Pick<
  ForwardOptions,
  'healthCheckMs' | 'healthCheckRecursion' | 'healthCheckName'
>

const places = argumentsOf<readonly Argument[]>('TO', 'TO...', {
  does: 'the upstreams, 15 at most: addresses, tls://ADDRESS, https://ADDRESS, host names, files like resolv.conf',
  start: () => [],
  read(left, _, directive) {
    if (left.length === 0) throw directive.argErr()
    return left.splice(0)
  },
})

const alone = { surplus: 'refused-first' } as const

const noNegative = (name: string) => ({
  least: 0,
  outside: (value: number, word: Argument): CorefileError =>
    word.plainErr(`${name} can't be negative: ${value}`),
})

const noNegativeDuration = (name: string) => ({
  least: 0,
  outside: (ms: number, word: Argument): CorefileError =>
    word.plainErr(`${name} can't be negative: ${formatDuration(ms)}`),
})

const anyDuration = duration()

const readTimeout: Value<number> = {
  ...anyDuration,
  range: 'more than 0s',
  read(word) {
    const ms = anyDuration.read(word)
    if (ms <= 0) throw word.plainErr(`read_timeout must be positive: ${formatDuration(ms)}`)
    return ms
  },
}

const healthCheckPause = duration({
  least: 0,
  outside: (ms, word) => word.plainErr(`health_check can't be negative: ${Math.round(ms * 1e6)}`),
})

const healthCheckName = parsed(
  'FQDN',
  text => {
    const name = text.endsWith('.') ? text : `${text}.`
    return isName(name) ? name.toLowerCase() : undefined
  },
  word => word.plainErr(`health_check: invalid domain name ${word.text}`),
)

const healthCheck = words<HealthCheck>('health_check', 'DURATION [no_rec] [domain FQDN]', {
  least: 1,
  otherwise: '500ms',
  does: 'pause between failed probes, which ask for NS of `.` or of FQDN, without RD after no_rec',
  start: () => ({ healthCheckMs: 500, healthCheckRecursion: true, healthCheckName: '.' }),
  read([pause, ...rest], before, directive) {
    if (pause === undefined) return before
    const draft = { ...before, healthCheckMs: healthCheckPause.read(pause), healthCheckName: '.' }
    for (let word = rest.shift(); word !== undefined; word = rest.shift()) {
      if (word.text === 'no_rec') draft.healthCheckRecursion = false
      else if (word.text === 'domain') {
        const name = rest.shift()
        if (name === undefined) throw directive.argErr()
        draft.healthCheckName = healthCheckName.read(name)
      } else throw word.plainErr(`health_check: unknown option ${word.text}`)
    }
    return draft
  },
})

const rcode = parsed('RCODE', rcodeFromText, word =>
  word.plainErr(`${word.text} is not a valid rcode`),
)

const failureRcode: Value<number> = {
  ...rcode,
  read(word) {
    const read = rcode.read(word)
    if (read === RCODE_NOERROR) throw word.plainErr('NoError cannot be used in failover')
    return read
  },
}

const resolver = parsed(
  'IP[:PORT]',
  text => {
    const { host, port = '53' } = splitHostPort(text)
    const number = /^\d{1,5}$/.test(port) ? Number(port) : 0
    const isRight = isIP(host) !== 0 && number >= 1 && number <= 65535
    return isRight ? hostPort(host, number) : undefined
  },
  word => word.plainErr(`resolver must be an IP address or IP:port: ${goQuote(word.text)}`),
)

export const options: OptionTable<ForwardOptions[]> = eachOccurrence<Read, ForwardOptions>(
  {
    rows: {
      from,
      places,
      except,
      forceTcp: flag('force_tcp', { ...alone, does: 'ask over TCP even for UDP clients' }),
      preferUdp: flag('prefer_udp', { ...alone, does: 'ask over UDP even for TCP clients' }),
      expireMs: option('expire', duration(noNegativeDuration('expire')), {
        ...single,
        default: '10s',
        does: 'how long a connection may be idle',
      }),
      maxAgeMs: option('max_age', duration(noNegativeDuration('max_age')), {
        ...single,
        default: '0s',
        does: 'how old a connection may grow, 0s for any age; not less than expire',
      }),
      maxIdleConns: option('max_idle_conns', integer(noNegative('max_idle_conns')), {
        ...single,
        default: '0',
        does: 'idle connections to each upstream, 0 for any number',
      }),
      readTimeoutMs: option('read_timeout', readTimeout, {
        ...single,
        default: '2s',
        does: 'how long one upstream is waited for',
      }),
      maxFails: option('max_fails', unsigned32(), {
        ...single,
        default: '2',
        does: 'failed probes in a row before an upstream is down, 0 for never',
      }),
      maxConnectAttempts: option('max_connect_attempts', unsigned32(), {
        ...single,
        unset: undefined,
        otherwise: 'twice the number of upstreams',
        does: 'failed attempts for one query, 0 for any number',
      }),
      dohMethod: option(
        'doh_method',
        oneOf(DOH_METHODS, word => word.plainErr('doh_method must be either POST or GET')),
        { ...single, default: 'POST', does: 'method for upstreams over HTTPS' },
      ),
      tlsFiles,
      tlsServerName: option('tls_servername', text('NAME'), {
        ...single,
        unset: '',
        otherwise: 'the address, or host name, in TO',
        does: 'name that certificates of TLS upstreams are checked for',
      }),
      policy,
      healthCheck,
      maxConcurrent: option('max_concurrent', integer(noNegative('max_concurrent')), {
        ...single,
        default: '0',
        does: 'queries under way, beyond which REFUSED is answered; 0 for any number',
      }),
      nextRcodes: list('next', rcode, {
        does: 'replies with which a query goes on to the next forward',
      }),
      nextOnNodata: flag('next_on_nodata', {
        ...alone,
        does: 'the same for NOERROR without answers',
      }),
      failfast: flag('failfast_all_unhealthy_upstreams', {
        ...alone,
        does: 'answer SERVFAIL at once while all upstreams are down',
      }),
      failoverRcodes: list('failover', failureRcode, {
        does: 'replies with which the next upstream is asked',
      }),
      sourceAddress: option(
        'source_address',
        ipAddress(word => word.plainErr(`invalid IP address: ${word.text}`)),
        {
          ...single,
          unset: '',
          otherwise: "the kernel's choice",
          does: 'address that queries and probes are sent from',
        },
      ),
      resolvers: list('resolver', resolver, {
        replaces: true,
        otherwise: "the system's",
        does: 'resolvers for the host names in TO',
      }),
    },
  },
  ({ places, healthCheck, ...others }, directive) => {
    checkConnectionAges(directive, others)
    const read = { ...others, ...healthCheck, to: readPlaces(directive, places) }
    checkServerNames(directive, read)
    return read
  },
)

const readPlaces = (directive: Directive, places: readonly Argument[]): To[] => {
  if (places.length > TO_LIMIT)
    throw directive.plainErr(`more than ${TO_LIMIT} TOs configured: ${places.length}`)
  return places.map(word => {
    try {
      const to = parseTo(word.text)
      if (to.protocol === 'https' && word.text.includes('%'))
        word.directive.warn(
          `what follows % in '${word.text}' is ignored: tls_servername says the name over HTTPS`,
          'forward-https-name',
          word.token,
        )
      return to
    } catch (error) {
      if (!(error instanceof Error)) throw error
      throw word.plainErr(error.message, { code: 'forward-to' })
    }
  })
}

const checkConnectionAges = (
  directive: Directive,
  { maxAgeMs, expireMs }: Pick<ForwardOptions, 'maxAgeMs' | 'expireMs'>,
): void => {
  if (maxAgeMs === 0 || maxAgeMs >= expireMs) return
  throw directive.plainErr(
    `max_age (${formatDuration(maxAgeMs)}) must not be less than expire (${formatDuration(expireMs)})`,
  )
}

const checkServerNames = (
  directive: Directive,
  { to, tlsServerName }: Pick<ForwardOptions, 'to' | 'tlsServerName'>,
): void => {
  if (tlsServerName === '') return
  for (const place of to) {
    if (place.kind !== 'address' || place.serverName === '') continue
    const texts = `('${tlsServerName}') and proxy level ('${place.serverName}')`
    throw directive.plainErr(
      `both forward ${texts} TLS servernames are set for upstream proxy '${hostPort(place.address, place.port)}'`,
    )
  }
}
