import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { test } from 'node:test'
import { CounterRow } from '../memory/counters.ts'
import { type GenerationMetrics, MetricsRegistry } from './registry.ts'

const makeRegistry = () =>
  new MetricsRegistry({ version: '1.0.0', revision: 'abc', corednsVersion: '1.14.7' })

/** Rows for `shards` shards, with a gap before and between them. */
const attach = (generation: GenerationMetrics, shards: number): CounterRow[] => {
  const stride = generation.rowWords + 16
  const words = new Int32Array(new SharedArrayBuffer((stride * shards + 8) * 4))
  const bases = Array.from({ length: shards }, (_, shard) => 8 + shard * stride)
  generation.attach(words, bases)
  return bases.map(base => new CounterRow(words, base))
}

/** Lines of one metric, without comments. */
const linesOf = async (registry: MetricsRegistry, name: string): Promise<string[]> => {
  const { body } = await registry.expose()
  return body.split('\n').filter(line => line.startsWith(name))
}

const REQUESTS = {
  name: 'coredns_test_requests_total',
  help: 'Requests.',
  labelNames: ['zone', 'proto'],
}
const SIZES = {
  name: 'coredns_test_size_bytes',
  help: 'Sizes.',
  buckets: [100, 511],
  unitsPerOne: 1,
}

test('a counter is the sum over shards, by the order of its dimensions', async () => {
  const registry = makeRegistry()
  const generation = registry.begin()
  const vector = generation
    .counter(REQUESTS)
    .vector({}, { zone: ['a.', 'b.'], proto: ['udp', 'tcp'] })
  const [first, second] = attach(generation, 2)
  first?.add(vector.base + 3 * vector.step, 2)
  second?.add(vector.base + 3 * vector.step, 5)
  second?.add(vector.base + 1 * vector.step)
  assert.deepEqual(await linesOf(registry, REQUESTS.name), [
    'coredns_test_requests_total{proto="tcp",zone="a."} 1',
    'coredns_test_requests_total{proto="tcp",zone="b."} 7',
  ])
})

test('a histogram shows cumulative buckets, sum and count', async () => {
  const registry = makeRegistry()
  const generation = registry.begin()
  const family = generation.histogram({ ...SIZES, labelNames: ['proto'] })
  const vector = family.vector({ proto: 'udp' })
  const shape = { bounds: SIZES.buckets, unitsPerOne: 1 }
  for (const row of attach(generation, 2))
    for (const size of [100, 101, 600]) row.observe(vector.base, shape, size)
  family.observe({ proto: 'udp' }, 50)
  assert.deepEqual(await linesOf(registry, SIZES.name), [
    'coredns_test_size_bytes_bucket{proto="udp",le="100"} 3',
    'coredns_test_size_bytes_bucket{proto="udp",le="511"} 5',
    'coredns_test_size_bytes_bucket{proto="udp",le="+Inf"} 7',
    'coredns_test_size_bytes_sum{proto="udp"} 1652',
    'coredns_test_size_bytes_count{proto="udp"} 7',
  ])
})

test('series of several vectors with equal labels are one series', async () => {
  const registry = makeRegistry()
  const generation = registry.begin()
  const family = generation.counter(REQUESTS)
  const vectors = [1, 2].map(() => family.vector({ zone: 'a.', proto: 'udp' }))
  const [row] = attach(generation, 1)
  for (const vector of vectors) row?.add(vector.base)
  family.add({ zone: 'a.', proto: 'udp' }, 40)
  assert.deepEqual(await linesOf(registry, REQUESTS.name), [
    'coredns_test_requests_total{proto="udp",zone="a."} 42',
  ])
})

test('totals outlive their generation and run on in the next', async () => {
  const registry = makeRegistry()
  const count = async (generation: GenerationMetrics, times: number) => {
    const vector = generation.counter(REQUESTS).vector({ zone: 'a.', proto: 'udp' })
    const sizes = generation.histogram(SIZES).vector({})
    const [row] = attach(generation, 1)
    row?.add(vector.base, times)
    row?.observe(sizes.base, { bounds: SIZES.buckets, unitsPerOne: 1 }, 7)
  }
  const old = registry.begin()
  await count(old, 3)
  const young = registry.begin()
  await count(young, 4)
  const expected = ['coredns_test_requests_total{proto="udp",zone="a."} 7']
  assert.deepEqual(await linesOf(registry, REQUESTS.name), expected)
  old.retire()
  assert.deepEqual(await linesOf(registry, REQUESTS.name), expected)
  young.retire()
  assert.deepEqual(await linesOf(registry, REQUESTS.name), expected)
  assert.deepEqual(await linesOf(registry, `${SIZES.name}_sum`), ['coredns_test_size_bytes_sum 14'])
})

test('a generation that is discarded leaves no trace but its families', async () => {
  const registry = makeRegistry()
  const generation = registry.begin()
  const vector = generation.counter(REQUESTS).vector({ zone: 'a.', proto: 'udp' })
  generation.gauge({ name: 'coredns_test_up', help: 'Up.', labelNames: ['x'] }, () => [
    { labels: { x: '1' }, value: 1 },
  ])
  attach(generation, 1)[0]?.add(vector.base)
  generation.discard()
  assert.deepEqual(await linesOf(registry, 'coredns_test_'), [])
})

test('a generation that was declared but never attached can be retired', async () => {
  const registry = makeRegistry()
  const generation = registry.begin()
  generation.counter(REQUESTS).vector({ zone: 'a.', proto: 'udp' })
  generation.retire()
  assert.deepEqual(await linesOf(registry, REQUESTS.name), [])
})

test('gauges come from the newest generation that runs, and fall back when it is discarded', async () => {
  const registry = makeRegistry()
  const gauge = { name: 'coredns_test_up', help: 'Up.', labelNames: ['g'] }
  const begin = (g: string) => {
    const generation = registry.begin()
    generation.gauge(gauge, () => [{ labels: { g }, value: 1 }])
    return generation
  }
  const old = begin('old')
  assert.deepEqual(await linesOf(registry, gauge.name), [])
  attach(old, 1)
  const young = begin('young')
  assert.deepEqual(await linesOf(registry, gauge.name), ['coredns_test_up{g="old"} 1'])
  attach(young, 1)
  assert.deepEqual(await linesOf(registry, gauge.name), ['coredns_test_up{g="young"} 1'])
  young.discard()
  assert.deepEqual(await linesOf(registry, gauge.name), ['coredns_test_up{g="old"} 1'])
})

test('what has no labels is there from its declaration on, plugins configured or not', async () => {
  const registry = makeRegistry()
  const names = [
    'coredns_panics_total',
    'coredns_reload_failed_total',
    'coredns_health_request_failures_total',
    'coredns_health_request_duration_seconds_count',
    'coredns_forward_healthcheck_broken_total',
    'coredns_forward_max_concurrent_rejects_total',
  ]
  for (const name of names) assert.deepEqual(await linesOf(registry, name), [`${name} 0`])
  registry.begin().gauge({ name: 'coredns_test_plain', help: 'Plain.' }, () => [])
  assert.deepEqual(await linesOf(registry, 'coredns_test_plain'), ['coredns_test_plain 0'])
})

test("build info names CoreDNS's release and ours, the commit and the runtime", async () => {
  const { version, versions } = process
  assert.deepEqual(await linesOf(makeRegistry(), 'coredns_build_info'), [
    `coredns_build_info{goversion="${version}",revision="abc",version="1.14.7"} 1`,
  ])
  assert.deepEqual(await linesOf(makeRegistry(), 'shardns_build_info'), [
    `shardns_build_info{node="${versions.node}",revision="abc",version="1.0.0"} 1`,
  ])
})

test('runtime metrics are shown once they are asked for, by whatever generation, and stay', async () => {
  const registry = makeRegistry()
  assert.deepEqual(await linesOf(registry, 'nodejs_heap_space_size_used_bytes'), [])
  assert.deepEqual(await linesOf(registry, 'nodejs_eventloop_lag'), [])
  assert.notDeepEqual(await linesOf(registry, 'nodejs_heap_size_used_bytes'), [])
  const generation = registry.begin()
  generation.showRuntime()
  registry.begin().showRuntime()
  generation.discard()
  assert.notDeepEqual(await linesOf(registry, 'nodejs_heap_space_size_used_bytes'), [])
  assert.equal((await linesOf(registry, 'nodejs_eventloop_lag_p99_seconds ')).length, 1)
  // A second server in the process shows them when it is asked, and not before.
  const other = makeRegistry()
  assert.deepEqual(await linesOf(other, 'nodejs_eventloop_lag'), [])
  other.begin().showRuntime()
  assert.equal((await linesOf(other, 'nodejs_eventloop_lag_p99_seconds ')).length, 1)
})

test('what Go says of a process is there on Linux', {
  skip: process.platform !== 'linux',
}, async () => {
  const registry = makeRegistry()
  for (const name of [
    'process_network_receive_bytes_total',
    'process_network_transmit_bytes_total',
    'process_virtual_memory_max_bytes',
  ])
    assert.equal((await linesOf(registry, `${name} `)).length, 1, name)
})

test('label values are escaped', async () => {
  const registry = makeRegistry()
  registry.process.counter(REQUESTS).add({ zone: 'a"b\\c\nd', proto: 'udp' })
  assert.deepEqual(await linesOf(registry, REQUESTS.name), [
    String.raw`coredns_test_requests_total{proto="udp",zone="a\"b\\c\nd"} 1`,
  ])
})

const misuse: { name: string; run: (generation: GenerationMetrics) => void; message: RegExp }[] = [
  {
    name: 'labels that are missing',
    run: g => g.counter(REQUESTS).vector({ zone: 'a.' }),
    message: /has the labels proto, zone, not zone/,
  },
  {
    name: 'labels that are unknown',
    run: g => g.counter(REQUESTS).add({ zone: '', proto: '', x: '' }),
    message: /has the labels/,
  },
  {
    name: 'other labels for a known name',
    run: g => g.counter({ ...REQUESTS, labelNames: ['zone'] }),
    message: /has the labels/,
  },
  {
    name: 'another kind for a known name',
    run: g => g.gauge(REQUESTS, () => []),
    message: /is not a gauge/,
  },
  {
    name: 'a counter as histogram',
    run: g => g.histogram({ ...SIZES, name: REQUESTS.name }),
    message: /is not a histogram/,
  },
  {
    name: 'a histogram as counter',
    run: g => g.counter({ name: 'coredns_health_request_duration_seconds', help: '' }),
    message: /is not a counter/,
  },
  {
    name: 'other buckets for a known name',
    run: g => g.histogram({ ...SIZES, name: 'coredns_health_request_duration_seconds' }),
    message: /declared with other buckets/,
  },
  {
    name: 'a name of the runtime',
    run: g => g.counter({ name: 'process_cpu_seconds_total', help: '' }),
    message: /belongs to the runtime/,
  },
  {
    name: 'a vector after the start',
    run: g => {
      attach(g, 1)
      g.counter(REQUESTS).vector({ zone: 'a.', proto: 'udp' })
    },
    message: /reserved before the generation runs/,
  },
]
for (const c of misuse) {
  test(`refuses ${c.name}`, () => {
    const registry = makeRegistry()
    registry.begin().counter(REQUESTS)
    assert.throws(() => c.run(registry.begin()), c.message)
  })
}

test('promtool accepts the exposition', async t => {
  if (spawnSync('promtool', ['--version']).error !== undefined)
    return t.skip('promtool is not installed')
  const registry = makeRegistry()
  const generation = registry.begin()
  const vector = generation.counter(REQUESTS).vector({ zone: 'a"\n\\', proto: 'udp' })
  generation.histogram({ ...SIZES, labelNames: ['proto'] }).observe({ proto: 'udp' }, 1)
  attach(generation, 1)[0]?.add(vector.base)
  const { body, contentType } = await registry.expose()
  assert.equal(contentType, 'text/plain; version=0.0.4; charset=utf-8')
  const checked = spawnSync('promtool', ['check', 'metrics'], { input: body, encoding: 'utf8' })
  assert.equal(checked.stderr, '')
  assert.equal(checked.status, 0)
})
