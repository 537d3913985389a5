import assert from 'node:assert/strict'
import { test } from 'node:test'
import { directive, options, parseError } from '../../../test/support/plugin-harness.ts'
import { readOptions } from '../../chain/plugin/plugin.ts'
import { CorefileError } from '../../corefile/diagnostics/diagnostic.ts'
import { kubernetes } from './index.ts'
import type { KubernetesOptions } from './options.ts'

const DEFAULTS: KubernetesOptions = {
  zones: ['cluster.local.'],
  primaryZone: 'cluster.local.',
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
  ttlSeconds: 5,
  endpoints: true,
  fallthrough: undefined,
  ignoreEmptyService: false,
  multiclusterZones: [],
  zonal: false,
  startupTimeoutMs: 5000,
}

const block = (...lines: string[]): string =>
  ['kubernetes cluster.local {', ...lines, '}'].join('\n')

const good: { rule: string; text: string; keys?: string; expected: Partial<KubernetesOptions> }[] =
  [
    { rule: 'defaults', text: 'kubernetes cluster.local', expected: {} },
    {
      rule: 'zones of the block',
      text: 'kubernetes',
      keys: '10.0.0.0/8 b.org',
      expected: { zones: ['10.in-addr.arpa.', 'b.org.'], primaryZone: 'b.org.' },
    },
    {
      rule: 'the first zone that is no reverse zone is primary',
      text: 'kubernetes 10.0.0.0/15 Cluster.Local x.org',
      expected: { zones: ['0.10.in-addr.arpa.', '1.10.in-addr.arpa.', 'cluster.local.', 'x.org.'] },
    },
    {
      rule: 'the tree of reverse zones itself is no reverse zone',
      text: 'kubernetes in-addr.arpa',
      expected: { zones: ['in-addr.arpa.'], primaryZone: 'in-addr.arpa.' },
    },
    {
      rule: 'endpoint',
      text: block('endpoint https://192.0.2.1:6443'),
      expected: { endpoint: 'https://192.0.2.1:6443' },
    },
    {
      rule: 'the first of several endpoints',
      text: block('endpoint a b'),
      expected: { endpoint: 'a' },
    },
    {
      rule: 'tls',
      text: block('tls c k a'),
      expected: { tls: { certificate: 'c', key: 'k', authority: 'a' } },
    },
    {
      rule: 'kubeconfig',
      text: block('kubeconfig f'),
      expected: { kubeconfig: { file: 'f', context: undefined } },
    },
    {
      rule: 'kubeconfig with context',
      text: block('kubeconfig f c'),
      expected: { kubeconfig: { file: 'f', context: 'c' } },
    },
    {
      rule: 'rates',
      text: block('apiserver_qps 12.5', 'apiserver_burst 20', 'apiserver_max_inflight 7'),
      expected: { apiserverQps: 12.5, apiserverBurst: 20, apiserverMaxInflight: 7 },
    },
    {
      rule: 'namespaces accumulate, each once',
      text: block('namespaces a b', 'namespaces b c'),
      expected: { namespaces: ['a', 'b', 'c'] },
    },
    {
      rule: 'labels are joined with blanks',
      text: block('labels env in (a, b)'),
      expected: {
        labels: {
          text: 'env in (a, b)',
          requirements: [{ key: 'env', operator: 'In', values: ['a', 'b'] }],
        },
      },
    },
    {
      rule: 'namespace_labels',
      text: block('namespace_labels x=y'),
      expected: {
        namespaceLabels: {
          text: 'x=y',
          requirements: [{ key: 'x', operator: 'In', values: ['y'] }],
        },
      },
    },
    { rule: 'pods disabled', text: block('pods disabled'), expected: { pods: 'disabled' } },
    { rule: 'pods insecure', text: block('pods insecure'), expected: { pods: 'insecure' } },
    { rule: 'pods verified', text: block('pods verified'), expected: { pods: 'verified' } },
    {
      rule: 'endpoint_pod_names',
      text: block('endpoint_pod_names'),
      expected: { endpointPodNames: true },
    },
    { rule: 'the least ttl', text: block('ttl 0'), expected: { ttlSeconds: 0 } },
    { rule: 'the greatest ttl', text: block('ttl 3600'), expected: { ttlSeconds: 3600 } },
    { rule: 'noendpoints', text: block('noendpoints'), expected: { endpoints: false } },
    {
      rule: 'fallthrough for all names',
      text: block('fallthrough'),
      expected: { fallthrough: ['.'] },
    },
    {
      rule: 'fallthrough for zones',
      text: block('fallthrough A.org 10.0.0.0/8'),
      expected: { fallthrough: ['a.org.', '10.in-addr.arpa.'] },
    },
    {
      rule: 'ignore empty_service',
      text: block('ignore empty_service'),
      expected: { ignoreEmptyService: true },
    },
    {
      rule: 'multicluster',
      text: 'kubernetes cluster.local clusterset.local {\nmulticluster Clusterset.Local\n}',
      expected: {
        zones: ['cluster.local.', 'clusterset.local.'],
        multiclusterZones: ['clusterset.local.'],
      },
    },
    { rule: 'multicluster without zones', text: block('multicluster'), expected: {} },
    { rule: 'zonal', text: block('zonal'), expected: { zonal: true } },
    {
      rule: 'startup_timeout',
      text: block('startup_timeout 1m'),
      expected: { startupTimeoutMs: 60_000 },
    },
    {
      rule: 'the retired upstream, with and without addresses',
      text: block('upstream', 'upstream 192.0.2.1 192.0.2.2'),
      expected: {},
    },
    {
      rule: 'a block on one line',
      text: 'kubernetes cluster.local { ttl 30 }',
      expected: { ttlSeconds: 30 },
    },
  ]

for (const { rule, text, keys, expected } of good)
  test(`options: ${rule}`, () => {
    assert.deepEqual(options(kubernetes, text, keys), { ...DEFAULTS, ...expected })
  })

const arg = (line: number, token: string): string =>
  `Corefile:${line} - Error during parsing: Wrong argument count or unexpected line ending after '${token}'`

const bad: { rule: string; text: string; keys?: string; message: string }[] = [
  {
    rule: 'twice',
    text: 'kubernetes a.org\nkubernetes b.org',
    message: 'this plugin can only be used once per Server Block',
  },
  {
    rule: '43: only reverse zones in the block',
    text: 'kubernetes',
    keys: '10.0.0.0/8',
    message: 'non-reverse zone name must be used',
  },
  {
    rule: 'only reverse zones as arguments',
    text: 'kubernetes 10.0.0.0/8 2001:db8::/32',
    message: 'non-reverse zone name must be used',
  },
  {
    rule: 'unknown',
    text: block('bogus'),
    message: `Corefile:3 - Error during parsing: unknown property 'bogus'`,
  },
  {
    rule: 'transfer is gone',
    text: block('transfer to *'),
    message: `Corefile:3 - Error during parsing: unknown property 'transfer'`,
  },
  { rule: 'endpoint', text: block('endpoint'), message: arg(3, 'endpoint') },
  { rule: 'tls with two', text: block('tls a b'), message: arg(3, 'b') },
  { rule: 'tls with four', text: block('tls a b c d'), message: arg(3, 'd') },
  { rule: 'kubeconfig', text: block('kubeconfig'), message: arg(3, 'kubeconfig') },
  { rule: 'kubeconfig with three', text: block('kubeconfig a b c'), message: arg(3, 'c') },
  { rule: 'apiserver_qps', text: block('apiserver_qps'), message: arg(3, 'apiserver_qps') },
  {
    rule: 'a negative qps',
    text: block('apiserver_qps -1'),
    message: 'apiserver_qps must be >= 0',
  },
  {
    rule: 'a negative burst',
    text: block('apiserver_burst -1'),
    message: 'apiserver_burst must be >= 0',
  },
  {
    rule: 'a negative max_inflight',
    text: block('apiserver_max_inflight -1'),
    message: 'apiserver_max_inflight must be >= 0',
  },
  {
    rule: 'qps',
    text: block('apiserver_qps x'),
    message: 'invalid apiserver_qps "x": strconv.ParseFloat: parsing "x": invalid syntax',
  },
  {
    rule: 'burst',
    text: block('apiserver_burst 1.5'),
    message: 'invalid apiserver_burst "1.5": strconv.Atoi: parsing "1.5": invalid syntax',
  },
  {
    rule: 'max_inflight',
    text: block('apiserver_max_inflight x'),
    message: 'invalid apiserver_max_inflight "x": strconv.Atoi: parsing "x": invalid syntax',
  },
  { rule: 'namespaces', text: block('namespaces'), message: arg(3, 'namespaces') },
  {
    rule: 'both kinds of namespaces',
    text: block('namespaces a', 'namespace_labels b'),
    message:
      'Corefile:5 - Error during parsing: namespaces and namespace_labels cannot both be set',
  },
  { rule: 'labels', text: block('labels'), message: arg(3, 'labels') },
  {
    rule: 'namespace_labels',
    text: block('namespace_labels'),
    message: arg(3, 'namespace_labels'),
  },
  {
    rule: 'a bad label selector',
    text: block('labels a in b'),
    message: `unable to parse label selector value: 'a in b': couldn't parse the selector string "a in b": unable to parse requirement: found 'b', expected: '('`,
  },
  {
    rule: 'a bad namespace selector',
    text: block('namespace_labels =x'),
    message: `unable to parse namespace_label selector value: '=x': couldn't parse the selector string "=x": unable to parse requirement: found '=', expected: identifier`,
  },
  { rule: 'pods', text: block('pods'), message: arg(3, 'pods') },
  {
    rule: 'a wrong pods mode',
    text: block('pods all'),
    message: 'wrong value for pods: all,  must be one of: disabled, verified, insecure',
  },
  {
    rule: 'endpoint_pod_names with an argument',
    text: block('endpoint_pod_names x'),
    message: arg(3, 'x'),
  },
  { rule: 'ttl', text: block('ttl'), message: arg(3, 'ttl') },
  {
    rule: 'ttl that is no number',
    text: block('ttl 5s'),
    message: 'strconv.Atoi: parsing "5s": invalid syntax',
  },
  {
    rule: 'ttl below',
    text: block('ttl -1'),
    message: 'Corefile:3 - Error during parsing: ttl must be in range [0, 3600]: -1',
  },
  {
    rule: 'ttl above',
    text: block('ttl 3601'),
    message: 'Corefile:3 - Error during parsing: ttl must be in range [0, 3600]: 3601',
  },
  { rule: 'noendpoints with an argument', text: block('noendpoints x'), message: arg(3, 'x') },
  { rule: 'ignore', text: block('ignore'), message: arg(3, 'ignore') },
  {
    rule: 'ignore something else',
    text: block('ignore x'),
    message: `unable to parse ignore value: 'x'`,
  },
  {
    rule: 'a foreign multicluster zone',
    text: 'kubernetes a.org b.org {\nmulticluster c.org\n}',
    message:
      'is not authoritative for the multicluster zone c.org. (authoritative zones: [a.org. b.org.])',
  },
  { rule: 'zonal with an argument', text: block('zonal x'), message: arg(3, 'x') },
  {
    rule: 'zonal without endpoints',
    text: block('zonal', 'noendpoints'),
    message: 'zonal requires the endpoint cache; remove noendpoints',
  },
  { rule: 'startup_timeout', text: block('startup_timeout'), message: arg(3, 'startup_timeout') },
  {
    rule: 'startup_timeout without unit',
    text: block('startup_timeout 5'),
    message: 'failed to parse startup_timeout: 5, time: missing unit in duration "5"',
  },
]

for (const { rule, text, keys, message } of bad)
  test(`errors: ${rule}`, () => {
    assert.equal(parseError(kubernetes, text, keys), message)
  })

const warnings: { rule: string; text: string; expected: string[] }[] = [
  { rule: 'of nothing', text: 'kubernetes cluster.local', expected: [] },
  {
    rule: 'of several endpoints',
    text: block('endpoint a b'),
    expected: [
      `Multiple endpoints have been deprecated, only the first specified endpoint 'a' is used`,
    ],
  },
  {
    rule: 'once of the retired upstream',
    text: block('upstream', 'upstream 192.0.2.1'),
    expected: ["option 'upstream' was retired in CoreDNS 1.7 and has no effect: remove it"],
  },
  {
    rule: 'of multicluster without zones',
    text: block('multicluster'),
    expected: ['multicluster without zones has no effect'],
  },
]

for (const { rule, text, expected } of warnings)
  test(`warns ${rule}`, () => {
    const d = directive(text)
    readOptions(kubernetes, d)
    assert.deepEqual(
      d.warnings.map(warning => warning.message),
      expected,
    )
  })

test('an unknown option hints at the nearest one', () => {
  assert.throws(
    () => readOptions(kubernetes, directive(block('pod verified'))),
    (error: unknown) => error instanceof CorefileError && error.hint === "did you mean 'pods'?",
  )
})
