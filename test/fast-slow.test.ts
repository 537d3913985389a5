// Property: whatever the fast path answers, the slow path answers with the same bytes. Questions,
// EDNS shapes, flags, damage and the state of the cache are drawn by a seeded generator; time goes
// on between them.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ServerError } from '../src/chain/errors.ts'
import type { Query } from '../src/chain/query/query.ts'
import type { Handler } from '../src/chain/stage/handler.ts'
import { MAX_UDP_QUERY_BYTES } from '../src/net/engine.ts'
import { typeToText } from '../src/wire/rrtypes.ts'
import { type BothPaths, bothPaths, CLIENT } from './support/both-paths.ts'
import {
  counterValue,
  type QueryOptions,
  query,
  type ReplyOptions,
  replyTo,
} from './support/plugin-harness.ts'

const QUERIES = 20_000
const HITS = 50_000
const TYPES = ['A', 'AAAA', 'TXT', 'MX', 'HTTPS', 'DS', 'ANY', 'SOA']

/** mulberry32: the same sequence for each run. */
const generator = (seed: number): ((count: number) => number) => {
  let state = seed
  return count => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) % count
  }
}

const soa = (ttl: number): string =>
  `example.org. ${ttl} IN SOA ns.example.org. host.example.org. 1 3600 600 86400 300`

/**
 * What stands behind the cache: the kind of answer follows from the name, its TTL from the moment.
 */
const downstream =
  (draw: (count: number) => number): Handler =>
  request => {
    const { name, type } = request.question
    const ttl = [5, 6, 30, 300][draw(4)] ?? 0
    const address = (n: number): string =>
      typeToText(type) === 'AAAA'
        ? `${name} ${ttl} IN AAAA 2001:db8::${n}`
        : `${name} ${ttl} IN A 192.0.2.${n}`
    const kinds: readonly (() => ReplyOptions)[] = [
      () => ({ answer: [address(1)], ra: true }),
      () => ({ answer: [1, 2, 3].map(address), ad: true, aa: true }),
      () => ({
        answer: [`${name} ${ttl} IN CNAME t.example.org.`, `t.example.org. ${ttl} IN A 192.0.2.9`],
        ra: true,
      }),
      () => ({ rcode: 'NXDOMAIN', authority: [soa(ttl)], ra: true }),
      () => ({ authority: [soa(ttl)], opt: { udpSize: 4096, do: true } }),
      () => ({ answer: Array.from({ length: 40 }, (_, n) => address(n + 1)) }),
      () => ({
        answer: [`${name} ${ttl} IN TXT "${'x'.repeat(200)}"`],
        additional: ['ns.example.org. 60 IN A 192.0.2.53'],
      }),
      () => ({ rcode: 'SERVFAIL' }),
      () => ({ answer: Array.from({ length: 120 }, (_, n) => address(n + 1)) }),
    ]
    const kind =
      [...name].reduce((sum, letter) => sum + letter.charCodeAt(0), 0) % (kinds.length + 1)
    if (kind === kinds.length) throw new ServerError('TEST', 'downstream fails')
    return replyTo(request, kinds[kind]?.())
  }

const anyCase = (name: string, draw: (count: number) => number): string =>
  [...name].map(letter => (draw(2) === 0 ? letter.toUpperCase() : letter)).join('')

const EDNS: readonly QueryOptions[] = [
  {},
  {},
  { udpSize: 1232 },
  { udpSize: 512, do: true },
  { udpSize: 4096, do: true },
  { udpSize: 0 },
  { udpSize: 1232, options: [{ code: 10, data: '0102030405060708' }] },
  {
    udpSize: 1232,
    options: [
      { code: 3, data: '' },
      { code: 12, data: '000000' },
      { code: 65001, data: 'ff' },
    ],
  },
  { udpSize: 1400, do: true, options: [{ code: 8, data: '00011800c00002' }] },
  { udpSize: 1232, version: 1 },
  { udpSize: 600, options: [{ code: 12, data: '00'.repeat(400) }] },
]

const aQuery = (draw: (count: number) => number): Query => {
  const name =
    draw(40) === 0
      ? '.'
      : `${['w', 'mail', 'n'][draw(3)]}${draw(14)}.example.${draw(8) === 0 ? 'net' : 'org'}.`
  const type = TYPES[draw(3) === 0 ? draw(TYPES.length) : draw(2)] ?? 'A'
  return query(anyCase(name, draw), type, {
    ...EDNS[draw(EDNS.length)],
    id: draw(65536),
    rd: draw(4) > 0,
    ad: draw(3) === 0,
    cd: draw(12) === 0,
    ...(draw(50) === 0 ? { opcode: 4 } : {}),
    ...(draw(50) === 0 ? { class: 3 } : {}),
  })
}

/** Mostly whole; else cut off, with a tail, or with a byte changed. */
const damaged = (bytes: Uint8Array, draw: (count: number) => number): Uint8Array => {
  const kind = draw(20)
  if (kind === 0) return bytes.subarray(0, draw(bytes.length + 1))
  if (kind === 1) return Uint8Array.of(...bytes, ...new Uint8Array(draw(9)).fill(draw(256)))
  if (kind > 3) return bytes
  const changed = bytes.slice()
  changed[2 + draw(bytes.length - 2)] = draw(256)
  return changed
}

/** Runs the queries; gives how many the fast path answered. */
const compare = async (paths: BothPaths, seed: number): Promise<number> => {
  const draw = generator(seed)
  let answered = 0
  for (let n = 0; n < QUERIES; n++) {
    const bytes = damaged(aQuery(draw).bytes, draw)
    const client = draw(50) === 0 ? { ...CLIENT, port: [0, 7, 19, 53][draw(4)] ?? 0 } : CLIENT
    const fast = paths.fast(bytes, client)
    const slow = await paths.slow(bytes, client)
    if (fast !== undefined) {
      assert.deepEqual(
        fast,
        slow === undefined ? undefined : new Uint8Array(slow),
        `query ${n}: ${bytes.toHex()}`,
      )
      answered++
    }
    if (draw(10) === 0) paths.clock.advance(draw(1500))
  }
  return answered
}

const CHAINS: readonly (readonly string[])[] = [
  ['errors', 'cache'],
  ['metadata example.org', 'errors', 'cache'],
  [
    'errors',
    'cache',
    "view v {\nexpr type() in ['A', 'AAAA', 'DS'] || do() and bufsize() < 1300\nexpr name() != 'w1.example.org.'\n}",
  ],
  [
    'prometheus 127.0.0.1:0',
    'errors',
    'acl {\nallow net 192.0.2.0/24\nblock\n}',
    'cache 20 example.org {\nprefetch 3 1m 20%\n}',
  ],
  ['bufsize 700', 'any', 'cache {\nserve_stale 1h immediate 7s 30s\ndenial 2000 60\n}'],
  ['errors', 'cache {\nkeepttl\nserve_stale_policy prefer_positive\nserve_stale 10s verify 1s\n}'],
  [
    'errors',
    'rewrite name suffix .example.net .example.org answer auto\nrewrite name regex ^mail(.*) w{1}\nrewrite type SOA A',
    'acl example.org {\nblock type MX\n}',
    'cache',
  ],
  ['acl {\nallow type A\nblock type AAAA\nfilter\n}', 'cache {\nsuccess 1024 5 5\nservfail 0s\n}'],
  [
    'prometheus 127.0.0.1:0',
    'cache 30',
    'template IN ANY example.org {\nmatch ^w[0-9][.]\nanswer "{{ .Name }} 60 IN A 192.0.2.1" "{{ .Name }} 50 IN A 192.0.2.2"\nederror 3\nfallthrough\n}',
  ],
  [
    'nsid ns1',
    'local',
    'dns64 {\nallow_ipv4\n}',
    'chaos',
    'cache',
    'header {\nquery clear rd\nresponse set aa\nresponse clear ra\n}',
    'minimal',
  ],
  ['dns64 {\nallow_ipv4\ntranslate_all\n}', 'cache'],
  [
    'minimal',
    `hosts {\n${[1, 2, 3, 4].map(n => `192.0.2.${n} w${n}.example.org n${n}.example.org`).join('\n')}\nfallthrough\n}`,
  ],
  ['cache', 'erratic {\ndrop 0\nlarge\n}'],
]

for (const [index, chain] of CHAINS.entries()) {
  test(`both paths give the same bytes: ${chain.join(', ').replaceAll('\n', ' ')}`, async () => {
    const answered = await compare(
      await bothPaths(chain, downstream(generator(99 + index))),
      7 + index,
    )
    assert.ok(answered > QUERIES / 25, `the fast path answered ${answered} of ${QUERIES}`)
  })
}

for (const [index, chain] of CHAINS.entries()) {
  test(`what the slow path goes on with is what it would read itself: ${chain.join(', ').replaceAll('\n', ' ')}`, async () => {
    const [engine, slow] = await Promise.all(
      [0, 1].map(() => bothPaths(chain, downstream(generator(33)))),
    )
    const draw = generator(77 + index)
    for (let n = 0; n < QUERIES / 4; n++) {
      const bytes = damaged(aQuery(draw).bytes, draw)
      const [given, expected] = await Promise.all([engine?.asked(bytes), slow?.slow(bytes)])
      assert.deepEqual(
        given && new Uint8Array(given),
        expected && new Uint8Array(expected),
        `query ${n}: ${bytes.toHex()}`,
      )
      const ms = draw(10) === 0 ? draw(1500) : 0
      for (const paths of [engine, slow]) paths?.clock.advance(ms)
    }
  })
}

test('both paths count the same', async () => {
  const chain = ['prometheus 127.0.0.1:0', 'errors', 'acl {\nallow net 192.0.2.0/24\n}', 'cache']
  const runs = await Promise.all([0, 1].map(() => bothPaths(chain, downstream(generator(5)))))
  for (const [which, paths] of runs.entries()) {
    for (const n of [1, 2, 3, 3, 2, 1, 5, 5]) {
      const { bytes } = query(`w${n}.example.org.`, 'A', n === 5 ? { do: true } : {})
      const fast = which === 0 ? paths.fast(bytes) : undefined
      if (fast === undefined) await paths.slow(bytes)
      else paths.batchSent(0)
    }
  }
  const totals = runs.map(({ control, row }) =>
    [
      'dns_requests_total',
      'dns_responses_total',
      'dns_do_requests_total',
      'cache_hits_total',
      'cache_requests_total',
      'acl_allowed_requests_total',
    ].map(name => counterValue(control, row, `coredns_${name}`)),
  )
  assert.deepEqual(totals[0], totals[1])
  assert.equal(totals[0]?.[0], 8)
  const durations = runs.map(
    ({ control, row }) =>
      control.metrics.histogramValue(row, 'coredns_dns_request_duration_seconds', {}).count,
  )
  assert.deepEqual(durations, [8, 8])
})

test('a hit allocates nothing', async () => {
  const chain = [
    'prometheus 127.0.0.1:0',
    'errors',
    'loadbalance',
    'rewrite name suffix .test .net\nrewrite name a.test b.test\nrewrite name regex ^(.*)-x[.] {1}.',
    'acl {\nallow net 192.0.2.0/24\n}',
    'cache',
  ]
  const paths = await bothPaths(chain, request =>
    replyTo(request, { answer: [`${request.question.name} 300 IN A 192.0.2.1`] }),
  )
  const { bytes } = query('www.example.org.', 'A', {
    do: true,
    options: [{ code: 10, data: '0102030405060708' }],
  })
  await paths.slow(bytes)
  paths.repeat(bytes, HITS)
  // Others in this process allocate now and then, and a collection makes a number negative: the
  // middle one of many tells.
  const grown = Array.from({ length: 21 }, () => {
    const before = process.memoryUsage().heapUsed
    assert.equal(paths.repeat(bytes, HITS), HITS)
    return process.memoryUsage().heapUsed - before
  }).sort((a, b) => a - b)
  assert.ok((grown[10] ?? 0) < HITS, `${grown[10]} bytes for ${HITS} hits`)
})

test('a zone in another spelling is the same zone on both paths', async () => {
  // `\\097` is `a` on the wire: the first rule is about the name, and the second never asked.
  const acl = 'acl \\097.example.org {\nallow\n}\nacl {\nblock net 192.0.2.53/32\n}'
  const paths = await bothPaths([acl, 'cache \\097.example.org'], request =>
    replyTo(request, { answer: [`${request.question.name} 300 IN A 192.0.2.1`] }),
  )
  const rcodeOf = (reply: Uint8Array | undefined): number => (reply?.[3] ?? 0) & 15
  const inside = query('a.example.org.').bytes
  assert.equal(rcodeOf(await paths.slow(inside)), 0)
  assert.equal(rcodeOf(paths.fast(inside) ?? assert.fail('it is cached')), 0)
  const outside = query('b.example.org.').bytes
  assert.equal(rcodeOf(await paths.slow(outside)), 5)
  assert.equal(paths.fast(outside), undefined)
})

test('a datagram that is too long for a query is not answered on the fast path, whatever it begins with', async () => {
  const paths = await bothPaths(['cache'], request =>
    replyTo(request, { answer: ['www.example.org. 300 IN A 192.0.2.1'] }),
  )
  const { bytes } = query('www.example.org.')
  await paths.slow(bytes)
  assert.notEqual(paths.fast(bytes), undefined)
  const long = new Uint8Array(MAX_UDP_QUERY_BYTES + 1)
  long.set(bytes)
  assert.equal(paths.fast(long), undefined)
  assert.equal(((await paths.slow(long))?.[3] ?? 0) & 15, 1)
})
