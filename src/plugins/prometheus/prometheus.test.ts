import assert from 'node:assert/strict'
import { test } from 'node:test'
import { gunzipSync } from 'node:zlib'
import {
  chain,
  counterValue,
  fakeClock,
  gaugeValues,
  histogramValue,
  type QueryOptions,
  query,
  replyTo,
} from '../../../test/support/plugin-harness.ts'
import { unwritten } from '../../chain/answer/answer.ts'
import { ServerError } from '../../chain/errors.ts'
import { SILENCE } from '../../chain/reply/reply.ts'
import type { Handler } from '../../chain/stage/handler.ts'
import { RCODE_REFUSED } from '../../wire/rcodes.ts'
import { acceptsGzip } from './exposition.ts'
import { prometheus } from './index.ts'

const LISTENERS = [
  { index: 3, label: 'dns://:53' },
  { index: 5, label: 'dns://:1053' },
]

const setUp = async (next: Handler, keys = 'example.org') => {
  const clock = fakeClock()
  const block = {
    listeners: LISTENERS,
    view: 'v',
    chain: ['prometheus', 'errors', 'cache'],
  }
  const setup = await chain(prometheus, 'prometheus', { keys, next, control: { clock, block } })
  const ask = async (name: string, type?: string, options: QueryOptions = {}) =>
    setup.handle(
      query(name, type, { listener: LISTENERS[0]!, receivedMs: clock.ms() - 2.5, ...options }),
    )
  const { control, serve } = setup
  return {
    ask,
    control,
    count: (name: string, labels = {}) =>
      counterValue(control, serve.row, `coredns_dns_${name}`, labels),
    sizes: (name: string, labels = {}) =>
      histogramValue(control, serve.row, `coredns_dns_${name}`, labels),
  }
}

const PLACE = { server: 'dns://:53', zone: 'example.org.', view: 'v' }

test('a reply is counted with all its labels', async () => {
  const { ask, count, sizes } = await setUp(request =>
    replyTo(request, { answer: ['www.example.org. 30 IN A 192.0.2.1'] }),
  )
  await ask('www.example.org.', 'A')
  assert.equal(count('requests_total', { ...PLACE, proto: 'udp', family: '1', type: 'A' }), 1)
  assert.equal(count('requests_total'), 1)
  assert.equal(count('responses_total', { ...PLACE, rcode: 'NOERROR', plugin: 'errors' }), 1)
  assert.equal(count('responses_total'), 1)
  assert.equal(count('do_requests_total'), 0)
  assert.deepEqual(sizes('request_size_bytes', { ...PLACE, proto: 'udp' }), {
    count: 1,
    sum: 12 + 21,
  })
  assert.deepEqual(sizes('response_size_bytes', { ...PLACE, proto: 'udp' }), {
    count: 1,
    sum: 12 + 21 + 31,
  })
  assert.deepEqual(sizes('request_duration_seconds', PLACE), { count: 1, sum: 0.0025 })
})

const kinds: {
  name: string
  type?: string
  options?: QueryOptions
  labels: Record<string, string>
}[] = [
  { name: 'TCP', options: { transport: 'tcp' }, labels: { proto: 'tcp' } },
  { name: 'IPv6', options: { client: '2001:db8::1' }, labels: { family: '2' } },
  {
    name: 'the other listener',
    options: { listener: LISTENERS[1]! },
    labels: { server: 'dns://:1053' },
  },
  ...[
    'AAAA',
    'CNAME',
    'DNSKEY',
    'DS',
    'MX',
    'NSEC',
    'NSEC3',
    'NS',
    'PTR',
    'RRSIG',
    'SOA',
    'SRV',
    'TXT',
    'HTTPS',
    'SVCB',
    'ANY',
  ].map(type => ({ name: `type ${type}`, type, labels: { type } })),
  ...['CAA', 'OPT', 'TYPE259', 'TYPE260', 'TYPE65535', 'TYPE0'].map(type => ({
    name: `type ${type}`,
    type,
    labels: { type: 'other' },
  })),
]
for (const c of kinds) {
  test(`requests: ${c.name} counts under ${JSON.stringify(c.labels)}`, async () => {
    const { ask, count } = await setUp(request => replyTo(request))
    await ask('example.org.', c.type ?? 'A', c.options)
    const labels = { ...PLACE, proto: 'udp', family: '1', type: 'A', ...c.labels }
    assert.deepEqual([count('requests_total', labels), count('requests_total')], [1, 1])
  })
}

test('the DO bit is counted', async () => {
  const { ask, count } = await setUp(request => replyTo(request))
  await ask('example.org.', 'A', { do: true })
  assert.equal(count('do_requests_total', PLACE), 1)
})

const zones = [
  { qname: 'a.example.org.', zone: 'example.org.' },
  { qname: 'a.Sub.Example.org.', zone: 'sub.example.org.' },
  { qname: 'example.net.', zone: '.' },
]
for (const c of zones) {
  test(`zone: ${c.qname} counts under the longest zone of the block, ${c.zone}`, async () => {
    const { ask, count } = await setUp(request => replyTo(request), 'example.org sub.example.org')
    await ask(c.qname)
    assert.equal(count('requests_total', { zone: c.zone }), 1)
  })
}

const outcomes: { name: string; next: Handler; rcode: string; plugin: string }[] = [
  {
    name: 'an error reply',
    next: request => replyTo(request, { rcode: 'NXDOMAIN' }),
    rcode: 'NXDOMAIN',
    plugin: 'errors',
  },
  {
    name: 'an rcode without name',
    next: request => replyTo(request, { rcode: 12 }),
    rcode: 'RCODE12',
    plugin: 'errors',
  },
  { name: 'silence', next: () => SILENCE, rcode: 'NOERROR', plugin: '' },
  {
    name: 'a failure',
    next: () => Promise.reject(new ServerError('X', 'x', RCODE_REFUSED)),
    rcode: 'REFUSED',
    plugin: '',
  },
  {
    name: 'a defect',
    next: () => Promise.reject(new TypeError('x')),
    rcode: 'SERVFAIL',
    plugin: '',
  },
]
for (const c of outcomes) {
  test(`responses: ${c.name} counts as ${c.rcode} of "${c.plugin}"`, async () => {
    const { ask, count, sizes } = await setUp(c.next)
    await ask('example.org.').catch(() => {})
    assert.deepEqual(
      [
        count('responses_total', { ...PLACE, rcode: c.rcode, plugin: c.plugin }),
        count('responses_total'),
      ],
      [1, 1],
    )
    assert.deepEqual(sizes('response_size_bytes').sum, c.plugin === '' ? 0 : 29)
  })
}

test('a failure is passed on', async () => {
  const error = new ServerError('X', 'x')
  const { ask } = await setUp(() => {
    throw error
  })
  await assert.rejects(ask('example.org.'), error)
})

test('clients cannot make series: 1000 names and types leave the labels as they are', async () => {
  const { ask, count } = await setUp(request => replyTo(request))
  for (let i = 0; i < 1000; i++) await ask(`n${i}.example.org.`, `TYPE${60_000 + i}`)
  assert.equal(count('requests_total', { ...PLACE, type: 'other' }), 1000)
})

test('plugin_enabled: the plugins of the chain, for each listener, under the first zone', async () => {
  const { control } = await setUp(() => SILENCE, 'example.org example.net')
  const expected = LISTENERS.flatMap(({ label }) =>
    ['prometheus', 'errors', 'cache'].map(name => ({
      labels: { server: label, zone: 'example.org.', view: 'v', name },
      value: 1,
    })),
  )
  assert.deepEqual(gaugeValues(control, 'coredns_plugin_enabled'), expected)
})

test('/metrics: the exposition, compressed when asked for; its address may fail to open', async () => {
  const { control } = await chain(prometheus, 'prometheus :9253')
  control.metrics.expose = async () => ({ contentType: 'text/plain; version=0.0.4', body: 'x 1\n' })
  const [route] = control.routes
  const { address, path, onBindFailure, failureText } = route ?? {}
  assert.deepEqual(
    [address, path, onBindFailure, failureText],
    [':9253', '/metrics', 'log', 'Failed to start metrics handler'],
  )
  const plain = await route?.respond({ method: 'GET', acceptEncoding: '' })
  assert.deepEqual(plain, {
    status: 200,
    contentType: 'text/plain; version=0.0.4',
    body: Buffer.from('x 1\n'),
  })
  const compressed = await route?.respond({ method: 'GET', acceptEncoding: 'deflate, gzip;q=0.5' })
  assert.equal(compressed?.contentEncoding, 'gzip')
  assert.equal(gunzipSync(compressed.body).toString(), 'x 1\n')
})

const encodings = [
  ['', false],
  ['gzip', true],
  ['deflate, GZIP', true],
  ['gzip;q=1.0, identity', true],
  ['gzip; q=0', false],
  ['gzip;q=0.0', false],
  ['gzip;q=0.1', true],
  ['xgzip', false],
] as const
for (const [header, expected] of encodings)
  test(`acceptsGzip: ${JSON.stringify(header)}`, () => assert.equal(acceptsGzip(header), expected))

test('an rcode that a plugin hands back has no writer and no size', async () => {
  const { ask, count, sizes } = await setUp(request => unwritten(request, RCODE_REFUSED))
  await ask('www.example.org.', 'A')
  assert.equal(count('responses_total', { ...PLACE, rcode: 'REFUSED', plugin: '' }), 1)
  assert.deepEqual(sizes('response_size_bytes', { ...PLACE, proto: 'udp' }), { count: 1, sum: 0 })
})

for (const { rcode, label } of [
  { rcode: 15, label: 'RCODE15' },
  { rcode: 23, label: 'BADCOOKIE' },
  { rcode: 24, label: 'other' },
  { rcode: 4095, label: 'other' },
])
  test(`rcode ${rcode} is counted as ${label}`, async () => {
    const { ask, count } = await setUp(request => replyTo(request, { rcode, opt: {} }))
    await ask('www.example.org.', 'A', { udpSize: 1232 })
    assert.equal(count('responses_total', { ...PLACE, rcode: label }), 1)
    assert.equal(count('responses_total'), 1)
  })

for (const { text, shows } of [
  { text: 'prometheus', shows: false },
  { text: 'prometheus {\nruntime_metrics\n}', shows: true },
])
  test(`${JSON.stringify(text)} ${shows ? 'shows' : 'does not show'} more of the runtime`, async () => {
    const { control } = await chain(prometheus, text, { next: request => replyTo(request) })
    assert.equal(control.metrics.showsRuntime, shows)
  })
