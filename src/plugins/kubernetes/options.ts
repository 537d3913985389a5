// The `kubernetes` directive: tokens to options, with CoreDNS's rules and texts. Files and
// addresses are not touched here.

import type { CorefileError } from '../../corefile/diagnostic.ts'
import type { Directive } from '../../corefile/directive.ts'
import { durationError, parseDuration } from '../../corefile/duration.ts'
import { goAtoiError, goParseFloatError, parseGoFloat, parseGoInt } from '../../corefile/number.ts'
import { goQuote } from '../../corefile/quote.ts'
import { isReverseZone, normalizeZone, zonesFromArgsOrBlock } from '../../corefile/zones.ts'
import { type LabelSelector, parseLabelSelector } from './label-selector.ts'

export type PodMode = 'disabled' | 'insecure' | 'verified'

export interface KubernetesOptions {
  zones: string[]
  /** The first zone that is no reverse zone: targets of PTR records lie in it. */
  primaryZone: string
  /** URL of the API server; undefined: the cluster's own. */
  endpoint: string | undefined
  /** Client certificate for `endpoint`: paths as written. */
  tls: { certificate: string; key: string; authority: string } | undefined
  /** Wins over `endpoint`. */
  kubeconfig: { file: string; context: string | undefined } | undefined
  /** Requests per second to the API server; 0 is the client's default. */
  apiserverQps: number
  apiserverBurst: number
  apiserverMaxInflight: number
  /** Exposed namespaces; empty for all. */
  namespaces: string[]
  namespaceLabels: LabelSelector | undefined
  labels: LabelSelector | undefined
  pods: PodMode
  endpointPodNames: boolean
  ttlSeconds: number
  /** Whether EndpointSlices are watched. */
  endpoints: boolean
  /** Undefined: none; `['.']`: all names. */
  fallthrough: string[] | undefined
  ignoreEmptyService: boolean
  multiclusterZones: string[]
  zonal: boolean
  startupTimeoutMs: number
}

const DEFAULT_TTL_SECONDS = 5
const TTL_LIMIT_SECONDS = 3600
const DEFAULT_STARTUP_TIMEOUT_MS = 5000
const POD_MODES: readonly string[] = ['disabled', 'verified', 'insecure'] satisfies PodMode[]

export const parse = (d: Directive): KubernetesOptions => {
  d.once()
  d.next()
  const zones = zonesFromArgsOrBlock(d.remainingArgs(), d.blockZones)
  const primaryZone = zones.find(zone => !isReverseZone(zone))
  if (primaryZone === undefined) throw d.plainErr('non-reverse zone name must be used')
  const options: KubernetesOptions = {
    zones,
    primaryZone,
    endpoint: undefined,
    tls: undefined,
    kubeconfig: undefined,
    apiserverQps: 0,
    apiserverBurst: 0,
    apiserverMaxInflight: 0,
    namespaces: [],
    namespaceLabels: undefined,
    labels: undefined,
    pods: 'disabled',
    endpointPodNames: false,
    ttlSeconds: DEFAULT_TTL_SECONDS,
    endpoints: true,
    fallthrough: undefined,
    ignoreEmptyService: false,
    multiclusterZones: [],
    zonal: false,
    startupTimeoutMs: DEFAULT_STARTUP_TIMEOUT_MS,
  }
  while (d.nextBlock()) parseProperty(d, options)
  checkTogether(d, options)
  return options
}

const checkTogether = (d: Directive, options: KubernetesOptions): void => {
  const { namespaces, namespaceLabels, multiclusterZones, zones } = options
  if (namespaces.length > 0 && namespaceLabels !== undefined) {
    throw d.err('namespaces and namespace_labels cannot both be set')
  }
  if (options.zonal && !options.endpoints)
    throw d.plainErr('zonal requires the endpoint cache; remove noendpoints')
  const foreign = multiclusterZones.find(zone => !zones.includes(zone))
  if (foreign === undefined) return
  throw d.plainErr(
    `is not authoritative for the multicluster zone ${foreign} (authoritative zones: [${zones.join(' ')}])`,
  )
}

const flag = (d: Directive): true => {
  if (d.remainingArgs().length > 0) throw d.argErr()
  return true
}

/** All arguments of a property: at least `least`, at most `most`. */
const argsOf = (d: Directive, least: number, most = Number.POSITIVE_INFINITY): string[] => {
  const args = d.remainingArgs()
  if (args.length < least || args.length > most) throw d.argErr()
  return args
}

type PropertyParser = (d: Directive, options: KubernetesOptions) => void

const PROPERTIES: ReadonlyMap<string, PropertyParser> = new Map<string, PropertyParser>([
  ['endpoint', (d, o) => parseEndpoint(d, o)],
  [
    'tls',
    (d, o) => {
      const [certificate = '', key = '', authority = ''] = argsOf(d, 3, 3)
      o.tls = { certificate, key, authority }
    },
  ],
  [
    'kubeconfig',
    (d, o) => {
      const [file = '', context] = argsOf(d, 1, 2)
      o.kubeconfig = { file, context }
    },
  ],
  [
    'apiserver_qps',
    (d, o) => (o.apiserverQps = rate(d, 'apiserver_qps', parseGoFloat, goParseFloatError)),
  ],
  [
    'apiserver_burst',
    (d, o) => (o.apiserverBurst = rate(d, 'apiserver_burst', parseGoInt, goAtoiError)),
  ],
  [
    'apiserver_max_inflight',
    (d, o) => (o.apiserverMaxInflight = rate(d, 'apiserver_max_inflight', parseGoInt, goAtoiError)),
  ],
  ['namespaces', (d, o) => (o.namespaces = [...new Set([...o.namespaces, ...argsOf(d, 1)])])],
  ['namespace_labels', (d, o) => (o.namespaceLabels = selector(d, 'namespace_label'))],
  ['labels', (d, o) => (o.labels = selector(d, 'label'))],
  ['pods', (d, o) => (o.pods = podMode(d))],
  ['endpoint_pod_names', (d, o) => (o.endpointPodNames = flag(d))],
  ['ttl', (d, o) => (o.ttlSeconds = ttlSeconds(d))],
  ['noendpoints', (d, o) => (o.endpoints = !flag(d))],
  ['fallthrough', (d, o) => (o.fallthrough = zonesFromArgsOrBlock(d.remainingArgs(), ['.']))],
  ['ignore', (d, o) => (o.ignoreEmptyService = ignoresEmptyService(d))],
  ['multicluster', (d, o) => parseMulticluster(d, o)],
  ['zonal', (d, o) => (o.zonal = flag(d))],
  ['startup_timeout', (d, o) => (o.startupTimeoutMs = startupTimeoutMs(d))],
  ['upstream', d => parseUpstream(d)],
])

const KNOWN: readonly string[] = [...PROPERTIES.keys()].filter(name => name !== 'upstream')

const parseProperty = (d: Directive, options: KubernetesOptions): void => {
  const parseOne = PROPERTIES.get(d.val())
  if (parseOne === undefined) throw d.unknownOption(`unknown property '${d.val()}'`, KNOWN)
  parseOne(d, options)
}

const parseEndpoint = (d: Directive, options: KubernetesOptions): void => {
  const [first = '', ...others] = argsOf(d, 1)
  options.endpoint = first
  if (others.length === 0) return
  d.warn(
    `Multiple endpoints have been deprecated, only the first specified endpoint '${first}' is used`,
    'deprecated',
  )
}

/** A number that must not be negative, for the API server's rate options. */
const rate = (
  d: Directive,
  name: string,
  read: (text: string) => number | undefined,
  explain: (text: string) => string,
): number => {
  const [text = ''] = argsOf(d, 1, 1)
  const value = read(text)
  if (value === undefined) throw d.plainErr(`invalid ${name} ${goQuote(text)}: ${explain(text)}`)
  if (value < 0) throw d.plainErr(`${name} must be >= 0`)
  return value
}

const selector = (d: Directive, kind: 'label' | 'namespace_label'): LabelSelector => {
  const text = argsOf(d, 1).join(' ')
  const parsed = parseLabelSelector(text)
  if ('error' in parsed)
    throw d.plainErr(`unable to parse ${kind} selector value: '${text}': ${parsed.error}`)
  return parsed
}

const isPodMode = (text: string): text is PodMode => POD_MODES.includes(text)

const podMode = (d: Directive): PodMode => {
  const [mode = ''] = argsOf(d, 1, 1)
  if (isPodMode(mode)) return mode
  throw d.plainErr(`wrong value for pods: ${mode},  must be one of: disabled, verified, insecure`)
}

const ttlSeconds = (d: Directive): number => {
  const [text = ''] = argsOf(d, 1)
  const ttl = parseGoInt(text)
  if (ttl === undefined) throw d.plainErr(goAtoiError(text))
  if (ttl < 0 || ttl > TTL_LIMIT_SECONDS)
    throw d.err(`ttl must be in range [0, ${TTL_LIMIT_SECONDS}]: ${ttl}`)
  return ttl
}

const ignoresEmptyService = (d: Directive): true => {
  const [what = ''] = argsOf(d, 1)
  if (what !== 'empty_service') throw d.plainErr(`unable to parse ignore value: '${what}'`)
  return true
}

const parseMulticluster = (d: Directive, options: KubernetesOptions): void => {
  const args = d.remainingArgs()
  if (args.length === 0) d.warn('multicluster without zones has no effect', 'no-effect')
  options.multiclusterZones = args.flatMap(arg => normalizeZone(arg) ?? [])
}

const startupTimeoutMs = (d: Directive): number => {
  const [text = ''] = argsOf(d, 1)
  const timeoutMs = parseDuration(text)
  if (timeoutMs === undefined) throw startupTimeoutError(d, text)
  return timeoutMs
}

const startupTimeoutError = (d: Directive, text: string): CorefileError =>
  d.plainErr(`failed to parse startup_timeout: ${text}, ${durationError(text)}`)

const RETIRED = 'retired'

/** `upstream [ADDRESS...]` still stands in many Corefiles of old clusters. */
const parseUpstream = (d: Directive): void => {
  const isWarned = d.warnings.some(warning => warning.code === RETIRED)
  if (!isWarned)
    d.warn("option 'upstream' was retired in CoreDNS 1.7 and has no effect: remove it", RETIRED)
  d.remainingArgs()
}
