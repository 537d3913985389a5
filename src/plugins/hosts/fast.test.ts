// What the fast step of hosts answers, the slow path answers with the same bytes; and it answers
// what it should.

import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { wire } from '../../../test/fakes/host-records.ts'
import { type BothPaths, bothPaths, CLIENT } from '../../../test/support/both-paths.ts'
import { query, replyTo, show } from '../../../test/support/plugin-harness.ts'
import { numbersFrom, QueryMix } from '../../../test/support/query-mix.ts'
import { Reply } from '../../chain/reply/reply.ts'

const QUERIES = 8000

const FILE = `
192.0.2.1 one.example.org gateway.example.org
192.0.2.2 two.example.org
192.0.2.3 two.example.org
2001:db8::2 two.example.org
2001:db8::6 six.example.org
192.0.2.9 *.wild.example.org
192.0.2.10 own.wild.example.org
2001:db8::7 *.six.wild.example.org
192.0.2.77 other.net
${Array.from({ length: 20 }, (_, n) => `192.0.3.${n} many.example.org`).join('\n')}
${Array.from({ length: 300 }, (_, n) => `192.0.${4 + (n >> 8)}.${n & 255} crowd.example.org`).join('\n')}
`

const INLINE =
  '192.0.2.50 one.example.org inline.example.org\n192.0.2.51 own.wild.example.org\n2001:db8::9 *.wild.example.org'

const NAMES = [
  'one.example.org.',
  'gateway.example.org.',
  'two.example.org.',
  'six.example.org.',
  'inline.example.org.',
  'x.wild.example.org.',
  'own.wild.example.org.',
  'x.six.wild.example.org.',
  '*.wild.example.org.',
  'a.b.wild.example.org.',
  'many.example.org.',
  'crowd.example.org.',
  'none.example.org.',
  'example.org.',
  'other.net.',
  'none.net.',
  '.',
  '1.2.0.192.in-addr.arpa.',
  '9.2.0.192.in-addr.arpa.',
  '2.0.192.in-addr.arpa.',
  `6.${'0.'.repeat(23)}8.b.d.0.1.0.0.2.ip6.arpa.`,
  `${'x'.repeat(63)}.${'y'.repeat(63)}.${'z'.repeat(63)}.wild.example.org.`,
]

const setUp = async (
  t: TestContext,
  options: string,
  before: readonly string[] = ['errors'],
  zones = '',
): Promise<BothPaths> => {
  const folder = await mkdtemp(join(tmpdir(), 'hosts-'))
  t.after(() => rm(folder, { recursive: true }))
  const path = join(folder, 'hosts')
  await writeFile(path, FILE)
  const paths = await bothPaths([...before, `hosts ${path} ${zones} {\n${options}\n}`], request =>
    replyTo(request, { rcode: 'NXDOMAIN' }),
  )
  t.after(() => paths.control.retired())
  return paths
}

const chains: { name: string; options: string; before?: string[]; zones?: string }[] = [
  { name: 'all zones', options: 'ttl 3600' },
  { name: 'inline entries', options: INLINE },
  { name: 'a zone', options: INLINE, zones: 'example.org' },
  { name: 'two zones, one in the other', options: INLINE, zones: 'example.org wild.example.org' },
  { name: 'fallthrough', options: `${INLINE}\nttl 7\nfallthrough` },
  { name: 'fallthrough with zones', options: `${INLINE}\nfallthrough wild.example.org net` },
  {
    name: 'fallthrough_unsupported',
    options: `${INLINE}\nfallthrough example.org\nfallthrough_unsupported`,
  },
  { name: 'no_reverse', options: `${INLINE}\nno_reverse` },
  {
    name: 'a small bufsize',
    options: INLINE,
    before: ['prometheus 127.0.0.1:0', 'bufsize 600', 'errors'],
  },
  { name: 'reverse zones', options: INLINE, zones: 'in-addr.arpa ip6.arpa' },
  { name: 'a zone in odd spelling', options: INLINE, zones: '\\101xample.org wild.example.org' },
]
for (const { name, options, before, zones } of chains) {
  test(`both paths give the same bytes: ${name}`, async t => {
    const paths = await setUp(t, options, before, zones)
    const mix = new QueryMix(NAMES.map(wire), 11)
    const draw = numbersFrom(3)
    let answered = 0
    for (let n = 0; n < QUERIES; n++) {
      const bytes =
        draw(8) === 0
          ? query(NAMES[draw(NAMES.length)] ?? '.', 'PTR', { id: n }).bytes
          : mix.message(n)
      const fast = paths.fast(bytes)
      if (fast === undefined) continue
      const slow = await paths.slow(bytes)
      assert.deepEqual(fast, slow && new Uint8Array(slow), `query ${n}: ${bytes.toHex()}`)
      answered++
    }
    if (zones?.includes('\\') || zones?.includes('arpa')) assert.ok(answered < QUERIES / 2)
    else assert.ok(answered > QUERIES / 10, `the fast path answered ${answered} of ${QUERIES}`)
  })
}

const FAST = 'fast'
const SLOW = 'slow'
const verdicts: {
  rule: string
  name: string
  type?: string
  options?: string
  by: string
  records?: number
}[] = [
  { rule: 'a known name', name: 'two.example.org.', by: FAST, records: 2 },
  { rule: 'a name in capitals', name: 'TWO.Example.org.', by: FAST, records: 2 },
  { rule: 'AAAA', name: 'two.example.org.', type: 'AAAA', by: FAST, records: 1 },
  { rule: 'file and inline', name: 'one.example.org.', by: FAST, records: 2 },
  { rule: 'a wildcard', name: 'x.wild.example.org.', by: FAST, records: 1 },
  { rule: 'the other family', name: 'gateway.example.org.', type: 'AAAA', by: FAST, records: 0 },
  { rule: 'another type', name: 'gateway.example.org.', type: 'HTTPS', by: FAST, records: 0 },
  {
    rule: 'twenty records that need compression',
    name: 'many.example.org.',
    by: FAST,
    records: 20,
  },
  { rule: 'more records than fit', name: 'crowd.example.org.', by: SLOW },
  { rule: 'an unknown name is SERVFAIL', name: 'none.example.org.', by: SLOW },
  { rule: 'PTR', name: '1.2.0.192.in-addr.arpa.', type: 'PTR', by: SLOW },
]
for (const { rule, name, type = 'A', options = INLINE, by, records = 0 } of verdicts) {
  test(`who answers: ${rule}`, async t => {
    const paths = await setUp(t, options)
    const fast = paths.fast(query(name, type).bytes)
    assert.equal(fast === undefined ? SLOW : FAST, by)
    if (fast !== undefined) assert.equal(fast[7], records)
  })
}

/**
 * A second hosts directive behind the first: what falls through reaches it on the fast path, too.
 */
const passed: {
  rule: string
  name: string
  type?: string
  options: string
  zones?: string
  isPassed: boolean
}[] = [
  {
    rule: 'outside the zones',
    name: 'behind.net.',
    options: 'ttl 5',
    zones: 'example.org',
    isPassed: true,
  },
  {
    rule: 'an unknown name with fallthrough',
    name: 'behind.net.',
    options: 'fallthrough',
    isPassed: true,
  },
  {
    rule: 'an unknown name in the zones of fallthrough',
    name: 'behind.net.',
    options: 'fallthrough net',
    isPassed: true,
  },
  {
    rule: 'an unknown name elsewhere',
    name: 'behind.net.',
    options: 'fallthrough org',
    isPassed: false,
  },
  { rule: 'an unknown name without', name: 'behind.net.', options: 'ttl 5', isPassed: false },
  {
    rule: 'an unknown name, another type',
    name: 'behind.net.',
    type: 'TXT',
    options: 'fallthrough',
    isPassed: true,
  },
  {
    rule: 'a known name, another type, fallthrough_unsupported',
    name: 'two.example.org.',
    type: 'TXT',
    options: 'fallthrough\nfallthrough_unsupported',
    isPassed: true,
  },
]
for (const { rule, name, type = 'A', options, zones = '', isPassed } of passed) {
  test(`passed on: ${rule}`, async t => {
    const folder = await mkdtemp(join(tmpdir(), 'hosts-'))
    t.after(() => rm(folder, { recursive: true }))
    const path = join(folder, 'hosts')
    await writeFile(path, FILE)
    const behind = 'hosts /nonexistent/hosts {\n192.0.2.99 behind.net two.example.org\n}'
    const paths = await bothPaths([`hosts ${path} ${zones} {\n${options}\n}`, behind], () =>
      assert.fail('nothing goes further'),
    )
    t.after(() => paths.control.retired())
    const { bytes } = query(name, type)
    const fast = paths.fast(bytes)
    assert.equal(fast !== undefined, isPassed)
    if (fast !== undefined)
      assert.deepEqual(fast, new Uint8Array((await paths.slow(bytes, CLIENT)) ?? []))
  })
}

test('its records can be put in another order', async t => {
  const paths = await setUp(t, INLINE, ['loadbalance'])
  const { bytes } = query('many.example.org.', 'A', { udpSize: 1232 })
  const orders = new Set<string>()
  for (let n = 0; n < 20; n++) {
    const { answer } = show(new Reply(paths.fast(bytes) ?? assert.fail()))
    orders.add(answer.join())
    assert.deepEqual(
      answer.toSorted(),
      Array.from({ length: 20 }, (_, k) => `many.example.org. 3600 IN A 192.0.3.${k}`).toSorted(),
    )
  }
  assert.ok(orders.size > 1)
})

test('an answer allocates nothing', async t => {
  const ASKED = 50_000
  const paths = await setUp(t, INLINE, ['errors'])
  const { bytes } = query('x.wild.example.org.', 'A', { do: true })
  paths.repeat(bytes, ASKED)
  // Others in this process allocate now and then, and a collection makes a number negative: the
  // middle one of many tells.
  const grown = Array.from({ length: 21 }, () => {
    const before = process.memoryUsage().heapUsed
    assert.equal(paths.repeat(bytes, ASKED), ASKED)
    return process.memoryUsage().heapUsed - before
  }).sort((a, b) => a - b)
  assert.ok((grown[10] ?? 0) < ASKED, `${grown[10]} bytes for ${ASKED} answers`)
})
