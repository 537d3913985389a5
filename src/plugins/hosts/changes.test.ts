// cache in front of hosts: what hosts said before its file changed is never served after it.

import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { type CacheChain, cacheChainIn, NXDOMAIN } from '../../../test/support/cache-chain.ts'
import {
  directive,
  type FakeControl,
  fakeControl,
  fakeServe,
  replyTo,
} from '../../../test/support/plugin-harness.ts'
import { EVERY_LABEL, InvalidationScopes } from '../../chain/invalidation-scopes.ts'
import { readOptions } from '../../chain/plugin/plugin.ts'
import type { Handler } from '../../chain/stage/handler.ts'
import { nameFromText } from '../../wire/name.ts'
import { control as controlHosts } from './control.ts'
import { hosts } from './index.ts'
import { serve as serveHosts } from './serve.ts'

const RELOAD_MS = 5000

interface Cached extends CacheChain {
  /** Writes the file and lets hosts look at it. */
  write(text: string): Promise<void>
  /** The first answer, or the rcode. */
  first(name: string, type?: string): Promise<string | undefined>
  /** The next generation, in which the directive has these lines; the cache is the same. */
  reload(lines: string): Promise<void>
}

const setUp = async (
  t: TestContext,
  text: string,
  lines = 'fallthrough',
  zones = '',
): Promise<Cached> => {
  t.mock.timers.enable({ apis: ['setInterval'] })
  const folder = await mkdtemp(join(tmpdir(), 'hosts-'))
  t.after(() => rm(folder, { recursive: true }))
  const path = join(folder, 'hosts')
  await writeFile(path, text)
  const parsed = (block: string) =>
    readOptions(hosts, directive(`hosts ${path} ${zones} {\n${block}\n}`))
  let handle: Handler = request => replyTo(request, NXDOMAIN)
  const chain = cacheChainIn(
    { changing: hosts.facts?.changing?.(parsed(lines)) ?? [] },
    'cache',
    request => handle(request),
  )
  let control: FakeControl = chain.control
  const start = async (block: string): Promise<void> => {
    const shared = await controlHosts(parsed(block), control)
    const stage = serveHosts(parsed(block), fakeServe({ control: chain.control }), shared)
    handle = stage.wrap(request => replyTo(request, NXDOMAIN))
    await control.started()
  }
  await start(lines)
  t.after(() => control.retired())
  const first = async (name: string, type = 'A'): Promise<string | undefined> => {
    const { answer, rcode } = await chain.ask({ name, type })
    return answer[0] === undefined ? rcode : answer[0].split(' ').at(-1)
  }
  return {
    ...chain,
    first,
    write: async next => {
      const { logged } = control
      const before = logged.length
      await writeFile(path, next)
      t.mock.timers.tick(RELOAD_MS)
      while (logged.length === before) await new Promise(setImmediate)
    },
    reload: async block => {
      const last = control
      const { kept, changes } = chain.control
      const next = fakeControl({ kept, clock: chain.clock, block: chain.control.block })
      const asked: string[] = []
      const keep: FakeControl['keep'] = (identity, make) => {
        asked.push(identity)
        return kept.get(identity, make)
      }
      control = { ...next, changes, keep, process: { ...next.process, isFirstLoad: false } }
      await start(block)
      await last.retired()
      kept.keepOnly(asked)
    },
  }
}

const REVERSE = '1.2.0.192.in-addr.arpa.'
const MAPPED = `1.0.2.0.0.0.0.c.f.f.f.f.${'0.'.repeat(20)}ip6.arpa.`
const REVERSE6 = `1.${'0.'.repeat(23)}8.b.d.0.1.0.0.2.ip6.arpa.`

const cases: {
  name: string
  before: string
  after: string
  ask: string
  type?: string
  answers: [string, string]
}[] = [
  {
    name: 'another address',
    before: '192.0.2.1 a',
    after: '192.0.2.22 a',
    ask: 'a.',
    answers: ['192.0.2.1', '192.0.2.22'],
  },
  {
    name: 'the name in capitals',
    before: '192.0.2.1 a',
    after: '192.0.2.22 a',
    ask: 'A.',
    answers: ['192.0.2.1', '192.0.2.22'],
  },
  {
    name: 'a name that comes',
    before: '',
    after: '192.0.2.1 a',
    ask: 'a.',
    answers: ['NXDOMAIN', '192.0.2.1'],
  },
  {
    name: 'a name that goes',
    before: '192.0.2.1 a',
    after: '',
    ask: 'a.',
    answers: ['192.0.2.1', 'NXDOMAIN'],
  },
  {
    name: 'a family that comes',
    before: '192.0.2.1 a',
    after: '192.0.2.1 a\n2001:db8::1 a',
    ask: 'a.',
    type: 'AAAA',
    answers: ['NOERROR', '2001:db8::1'],
  },
  {
    name: 'a reverse name that comes',
    before: '',
    after: '192.0.2.1 a',
    ask: REVERSE,
    type: 'PTR',
    answers: ['NXDOMAIN', 'a.'],
  },
  {
    name: 'a reverse name, asked for as a mapped address',
    before: '192.0.2.1 a',
    after: '192.0.2.1 bb',
    ask: MAPPED,
    type: 'PTR',
    answers: ['a.', 'bb.'],
  },
  {
    name: 'an IPv6 reverse name',
    before: '2001:db8::1 a',
    after: '2001:db8::1 bb',
    ask: REVERSE6,
    type: 'PTR',
    answers: ['a.', 'bb.'],
  },
  {
    name: 'a wildcard that comes',
    before: '',
    after: '192.0.2.1 *.a',
    ask: 'x.a.',
    answers: ['NXDOMAIN', '192.0.2.1'],
  },
  {
    name: 'a wildcard that goes',
    before: '192.0.2.1 *.a',
    after: '',
    ask: 'x.a.',
    answers: ['192.0.2.1', 'NXDOMAIN'],
  },
  {
    name: 'a name of its own under a wildcard',
    before: '192.0.2.1 *.a',
    after: '192.0.2.1 *.a\n192.0.2.2 x.a',
    ask: 'x.a.',
    answers: ['192.0.2.1', '192.0.2.2'],
  },
]
for (const { name, before, after, ask, type, answers } of cases) {
  test(`a changed file outdates cached answers: ${name}`, async t => {
    const chain = await setUp(t, before)
    assert.equal(await chain.first(ask, type), answers[0])
    chain.clock.advance(2000)
    await chain.write(after)
    assert.equal(await chain.first(ask, type), answers[1])
  })
}

test('reverse names change whatever the zones', async t => {
  const chain = await setUp(t, '192.0.2.1 a.org', 'fallthrough', 'org')
  for (const name of [REVERSE, MAPPED]) assert.equal(await chain.first(name, 'PTR'), 'a.org.')
  chain.clock.advance(2000)
  await chain.write('192.0.2.1 bb.org')
  for (const name of [REVERSE, MAPPED]) assert.equal(await chain.first(name, 'PTR'), 'bb.org.')
})

const changing: { lines: string; zones: string[] }[] = [
  { lines: 'ttl 5', zones: ['org.', 'net.', 'in-addr.arpa.', 'ip6.arpa.'] },
  { lines: 'no_reverse', zones: ['org.', 'net.'] },
]
for (const { lines, zones } of changing) {
  test(`names that may change, with ${lines}: ${zones.join(' ')}`, () => {
    const found = hosts.facts?.changing?.(
      readOptions(hosts, directive(`hosts /etc/hosts org net {\n${lines}\n}`)),
    )
    assert.deepEqual(
      found,
      zones.map(zone => ({ zone, labels: EVERY_LABEL })),
    )
  })
}

test('what has not changed stays cached, and so does all when nothing has', async t => {
  const chain = await setUp(t, '192.0.2.1 a\n192.0.2.2 b')
  await chain.first('a.')
  assert.equal(chain.asked.length, 1)
  chain.clock.advance(2000)
  await chain.write('192.0.2.1 a\n192.0.2.33 b')
  chain.clock.advance(2000)
  await chain.first('a.')
  assert.equal(chain.asked.length, 1)
})

test('more names than there are groups outdate them all', async t => {
  const many = (address: string): string =>
    Array.from({ length: 17_000 }, (_, n) => `${address} n${n}`).join('\n')
  const chain = await setUp(t, many('192.0.2.1'))
  assert.equal(await chain.first('n16999.'), '192.0.2.1')
  chain.clock.advance(2000)
  await chain.write(many('192.0.2.22'))
  assert.equal(await chain.first('n16999.'), '192.0.2.22')
})

test('the start of the process outdates nothing', async t => {
  const chain = await setUp(t, '192.0.2.1 a', '192.0.2.2 *.b\nfallthrough')
  await chain.first('a.')
  await chain.first('a.')
  assert.equal(chain.asked.length, 1)
})

test('a reload with the same entries outdates nothing; one with others outdates old names and new ones', async t => {
  const chain = await setUp(t, '', '192.0.2.1 a\n192.0.2.1 b\nfallthrough')
  const answers = async (): Promise<(string | undefined)[]> => [
    await chain.first('a.'),
    await chain.first('b.'),
    await chain.first('c.'),
    await chain.first('d.'),
  ]
  assert.deepEqual(await answers(), ['192.0.2.1', '192.0.2.1', 'NXDOMAIN', 'NXDOMAIN'])
  chain.clock.advance(2000)
  await chain.reload('192.0.2.1 a\n192.0.2.1 b\nttl 60\nfallthrough')
  assert.deepEqual(await answers(), ['192.0.2.1', '192.0.2.1', 'NXDOMAIN', 'NXDOMAIN'])
  assert.equal(chain.asked.length, 4)
  chain.clock.advance(2000)
  await chain.reload('192.0.2.2 a\n192.0.2.2 c\nfallthrough')
  assert.deepEqual(await answers(), ['192.0.2.2', 'NXDOMAIN', '192.0.2.2', 'NXDOMAIN'])
  assert.equal(chain.asked.length, 7, 'd. has nothing to do with it')
})

for (const { name, isFirstLoad } of [
  { name: 'the start of the process outdates nothing: caches are empty', isFirstLoad: true },
  { name: 'a reload that brings hosts outdates its names', isFirstLoad: false },
])
  test(name, async t => {
    const parsed = readOptions(hosts, directive('hosts /dev/null {\n192.0.2.1 a\n}'))
    const changing = hosts.facts?.changing?.(parsed) ?? []
    const control = fakeControl({ process: { isFirstLoad }, block: { changing } })
    t.after(() => control.retired())
    await controlHosts(parsed, control)
    await control.started()
    const scopes = new InvalidationScopes(control.board, changing)
    const isOutdated = (owner: string): boolean => {
      const wire = nameFromText(owner) ?? assert.fail(owner)
      return scopes.hasChangedSince(scopes.slotOf(wire), control.clock.seconds())
    }
    assert.deepEqual(
      [isOutdated('a.'), isOutdated(REVERSE), isOutdated('b.')],
      [!isFirstLoad, !isFirstLoad, false],
    )
  })
