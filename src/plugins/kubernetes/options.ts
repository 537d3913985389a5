// The `kubernetes` directive: tokens to options, with CoreDNS's rules and texts. Files and
// addresses are not touched here.

import type { Directive } from '../../corefile/options/directive.ts'
import {
  flag,
  list,
  option,
  type Row,
  withoutEffect,
  words,
  zoneList,
  zonesArgument,
} from '../../corefile/options/option-rows.ts'
import { finishedTable, type OptionTable } from '../../corefile/options/option-table.ts'
import {
  decimal,
  duration,
  integer,
  type NumberOptions,
  oneOf,
  parsed,
  text,
  ttl,
} from '../../corefile/options/values.ts'
import { goQuote } from '../../corefile/words/strconv.ts'
import { isReverseZone, normalizeZone } from '../../corefile/words/zones.ts'
import { type LabelSelector, parseLabelSelector } from './label-selector.ts'

const POD_MODES = ['disabled', 'insecure', 'verified'] as const

export type PodMode = (typeof POD_MODES)[number]

interface TlsFiles {
  readonly certificate: string
  readonly key: string
  readonly authority: string
}

interface KubeconfigPlace {
  readonly file: string
  readonly context: string | undefined
}

export interface KubernetesOptions {
  readonly zones: readonly string[]
  /** The first zone that is no reverse zone: targets of PTR records lie in it. */
  readonly primaryZone: string
  /** URL of the API server; undefined: the cluster's own. */
  readonly endpoint: string | undefined
  /** Client certificate for `endpoint`: paths as written. */
  readonly tls: TlsFiles | undefined
  /** Wins over `endpoint`. */
  readonly kubeconfig: KubeconfigPlace | undefined
  /** Requests per second to the API server; 0 is the client's default. */
  readonly apiserverQps: number
  readonly apiserverBurst: number
  readonly apiserverMaxInflight: number
  /** Exposed namespaces; empty for all. */
  readonly namespaces: readonly string[]
  readonly namespaceLabels: LabelSelector | undefined
  readonly labels: LabelSelector | undefined
  readonly pods: PodMode
  readonly endpointPodNames: boolean
  readonly ttlSeconds: number
  /** Whether EndpointSlices are watched. */
  readonly endpoints: boolean
  /** Undefined: none; `['.']`: all names. */
  readonly fallthrough: readonly string[] | undefined
  readonly ignoreEmptyService: boolean
  readonly multiclusterZones: readonly string[]
  readonly zonal: boolean
  readonly startupTimeoutMs: number
}

/** What the rows read: the zones are one field, since the first of some kind counts as well. */
type Read = Omit<KubernetesOptions, 'zones' | 'primaryZone'> & {
  readonly served: Pick<KubernetesOptions, 'zones' | 'primaryZone'>
}

const allZones = zonesArgument('zones of the cluster, not all of them reverse zones')

const served: Row<Read['served']> = {
  ...allZones,
  start: () => ({ zones: [], primaryZone: '' }),
  read(left, _, directive) {
    const zones = allZones.read(left, [], directive)
    const primaryZone = zones.find(zone => !isReverseZone(zone))
    if (primaryZone === undefined) throw directive.plainErr('non-reverse zone name must be used')
    return { zones, primaryZone }
  },
}

const endpoint = words<string | undefined>('endpoint', 'URL', {
  least: 1,
  otherwise: "the cluster's own",
  does: 'the API server; of several only the first is used',
  start: () => undefined,
  read([first, ...others], before, directive) {
    if (others.length > 0)
      directive.warn(
        `Multiple endpoints have been deprecated, only the first specified endpoint '${first?.text}' is used`,
        'deprecated',
      )
    return first?.text ?? before
  },
})

const tls = words<TlsFiles | undefined>('tls', 'CERT KEY CACERT', {
  least: 3,
  most: 3,
  does: 'client certificate, its key and the authority for endpoint',
  start: () => undefined,
  read([certificate, key, authority], before) {
    if (certificate === undefined || key === undefined || authority === undefined) return before
    return { certificate: certificate.text, key: key.text, authority: authority.text }
  },
})

const kubeconfig = words<KubeconfigPlace | undefined>('kubeconfig', 'FILE [CONTEXT]', {
  least: 1,
  most: 2,
  does: 'take the connection from a file; wins over endpoint',
  start: () => undefined,
  read: ([file, context], before) =>
    file === undefined ? before : { file: file.text, context: context?.text },
})

/** Of the API server's rate options, none of which may be negative. */
const rate = (name: string, unit: string): NumberOptions => ({
  word: unit,
  least: 0,
  wrong: (word, why) => word.plainErr(`invalid ${name} ${goQuote(word.text)}: ${why}`),
  outside: (_, word) => word.plainErr(`${name} must be >= 0`),
})

const selector = (
  name: string,
  kind: 'label' | 'namespace_label',
  does: string,
): Row<LabelSelector | undefined> =>
  words<LabelSelector | undefined>(name, 'EXPRESSION', {
    least: 1,
    does,
    start: () => undefined,
    read(found, _, directive) {
      const expression = found.map(({ text }) => text).join(' ')
      const read = parseLabelSelector(expression)
      if ('error' in read)
        throw directive.plainErr(
          `unable to parse ${kind} selector value: '${expression}': ${read.error}`,
        )
      return read
    },
  })

const pods = option(
  'pods',
  oneOf(POD_MODES, word =>
    word.plainErr(
      `wrong value for pods: ${word.text},  must be one of: disabled, verified, insecure`,
    ),
  ),
  { default: 'disabled', does: "whether names made of pods' addresses are answered" },
)

const ttlSeconds = option(
  'ttl',
  ttl({
    least: 0,
    most: 3600,
    outside: (seconds, word) => word.err(`ttl must be in range [0, 3600]: ${seconds}`),
  }),
  { default: '5', surplus: 'ignored', does: 'TTL of all answers in seconds' },
)

const ignoreEmptyService = option(
  'ignore',
  parsed(
    'empty_service',
    text => text === 'empty_service' || undefined,
    word => word.plainErr(`unable to parse ignore value: '${word.text}'`),
  ),
  {
    unset: false,
    surplus: 'ignored',
    does: 'answer NXDOMAIN for services without ready endpoints',
  },
)

const multiclusterZones = words<string[]>('multicluster', '[ZONES...]', {
  does: 'those of ZONES that serve imported services',
  start: () => [],
  read(found, _, directive) {
    if (found.length === 0) directive.warn('multicluster without zones has no effect', 'no-effect')
    return found.flatMap(({ text }) => normalizeZone(text) ?? [])
  },
})

const startupTimeoutMs = option(
  'startup_timeout',
  duration({
    wrong: (word, why) => word.plainErr(`failed to parse startup_timeout: ${word.text}, ${why}`),
  }),
  { default: '5s', surplus: 'ignored', does: 'longest wait for the API server at start' },
)

const RETIRED = 'retired'

/** Still stands in many Corefiles of old clusters. */
const upstream = withoutEffect('upstream', '[ADDRESS...]', {
  support: 'retired',
  does: 'retired in CoreDNS 1.7: remove it',
  meet(_, directive) {
    if (directive.warnings.some(({ code }) => code === RETIRED)) return
    directive.warn(
      "option 'upstream' was retired in CoreDNS 1.7 and has no effect: remove it",
      RETIRED,
    )
  },
})

export const options: OptionTable<KubernetesOptions> = finishedTable<Read, KubernetesOptions>(
  'once',
  {
    rows: {
      served,
      endpoint,
      tls,
      kubeconfig,
      apiserverQps: option('apiserver_qps', decimal(rate('apiserver_qps', 'QPS')), {
        default: '0',
        does: 'requests a second to the API server, 0 for the default of the client',
      }),
      apiserverBurst: option('apiserver_burst', integer(rate('apiserver_burst', 'BURST')), {
        default: '0',
        does: 'requests at once beyond apiserver_qps, 0 for the default of the client',
      }),
      apiserverMaxInflight: option(
        'apiserver_max_inflight',
        integer(rate('apiserver_max_inflight', 'MAX')),
        { default: '0', does: 'requests under way at one time, 0 for the default of the client' },
      ),
      namespaces: list('namespaces', text('NAMESPACE'), {
        otherwise: 'all',
        does: 'expose these namespaces only; not beside namespace_labels',
      }),
      namespaceLabels: selector(
        'namespace_labels',
        'namespace_label',
        'expose only namespaces that match a label selector',
      ),
      labels: selector('labels', 'label', 'expose only objects that match a label selector'),
      pods,
      endpointPodNames: flag('endpoint_pod_names', { does: 'name endpoints after their pods' }),
      ttlSeconds,
      endpoints: flag('noendpoints', {
        sets: false,
        does: 'do without endpoints: headless services have no records',
      }),
      fallthrough: zoneList('fallthrough', {
        unset: undefined,
        does: 'pass names that do not exist on: those in ZONES, or all',
      }),
      ignoreEmptyService,
      multiclusterZones,
      zonal: flag('zonal', { does: 'give endpoints names by their topology zone' }),
      startupTimeoutMs,
    },
    others: [upstream],
  },
  ({ served, namespaces, ...others }, directive) =>
    checkedTogether(directive, { ...served, ...others, namespaces: [...new Set(namespaces)] }),
)

const checkedTogether = (directive: Directive, read: KubernetesOptions): KubernetesOptions => {
  const { namespaces, namespaceLabels, multiclusterZones, zones } = read
  if (namespaces.length > 0 && namespaceLabels !== undefined)
    throw directive.err('namespaces and namespace_labels cannot both be set')
  if (read.zonal && !read.endpoints)
    throw directive.plainErr('zonal requires the endpoint cache; remove noendpoints')
  const foreign = multiclusterZones.find(zone => !zones.includes(zone))
  if (foreign === undefined) return read
  throw directive.plainErr(
    `is not authoritative for the multicluster zone ${foreign} (authoritative zones: [${zones.join(' ')}])`,
  )
}
