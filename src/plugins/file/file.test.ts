import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import {
  type Chain,
  type ChainOptions,
  chain,
  fakeLogger,
  options,
  query,
  replyTo,
  show,
} from '../../../test/support/plugin-harness.ts'
import { temporaryFolder } from '../../../test/support/server-process.ts'
import { initialSettings } from '../../chain/block.ts'
import type { InspectScope } from '../../chain/plugin/inspect-scope.ts'
import { CorefileError } from '../../corefile/diagnostics/diagnostic.ts'
import { inspect } from './control.ts'
import { file } from './index.ts'

const ZONE = `$TTL 60
@ SOA ns x 7 2 3 4 5
@ NS ns
ns A 192.0.2.53
a A 192.0.2.1
ent.b A 192.0.2.2
*.wild TXT wild
out CNAME www.example.net.
loop CNAME loop.example.net.
d DNAME example.net.
sub NS ns.sub
ns.sub A 192.0.2.54
to-sub CNAME www.sub
`

const zoneFile = (t: TestContext, text = ZONE): string => {
  const path = join(temporaryFolder(t), 'db')
  writeFileSync(path, text)
  return path
}

const PLACE_HOLDER = 'FILE'

const served = (
  t: TestContext,
  text = `file ${PLACE_HOLDER}`,
  setup: ChainOptions = {},
): Promise<Chain> =>
  chain(file, text.replaceAll(PLACE_HOLDER, zoneFile(t)), { keys: 'example.org', ...setup })

const next = { next: (request: ReturnType<typeof query>) => replyTo(request, { rcode: 'NOTIMP' }) }

/** Rcode, flags, answer, authority and additional. */
const shown = async (
  { handle }: Chain,
  request: ReturnType<typeof query>,
): Promise<readonly unknown[]> => {
  const reply = await handle(request)
  const { rcode, flags, answer, authority, additional } = show(reply)
  return [rcode, flags, answer, authority, additional]
}

const SOA = 'example.org. 60 IN SOA ns.example.org. x.example.org. 7 2 3 4 5'
const NS = 'example.org. 60 IN NS ns.example.org.'

for (const { name, qname, type = 'A', expected } of [
  {
    name: 'an address, with the apex NS',
    qname: 'A.Example.org.',
    expected: ['NOERROR', 'qr aa rd', ['a.example.org. 60 IN A 192.0.2.1'], [NS], []],
  },
  {
    name: 'no such type',
    qname: 'a.example.org.',
    type: 'AAAA',
    expected: ['NOERROR', 'qr aa rd', [], [SOA], []],
  },
  {
    name: 'no such name',
    qname: 'x.example.org.',
    expected: ['NXDOMAIN', 'qr aa rd', [], [SOA], []],
  },
  {
    name: 'an empty non-terminal',
    qname: 'b.example.org.',
    expected: ['NOERROR', 'qr aa rd', [], [SOA], []],
  },
  {
    name: 'a referral',
    qname: 'www.sub.example.org.',
    expected: [
      'NOERROR',
      'qr rd',
      [],
      ['sub.example.org. 60 IN NS ns.sub.example.org.'],
      ['ns.sub.example.org. 60 IN A 192.0.2.54'],
    ],
  },
  {
    name: 'a referral behind an alias has AA',
    qname: 'to-sub.example.org.',
    expected: [
      'NOERROR',
      'qr aa rd',
      ['to-sub.example.org. 60 IN CNAME www.sub.example.org.'],
      ['sub.example.org. 60 IN NS ns.sub.example.org.'],
      ['ns.sub.example.org. 60 IN A 192.0.2.54'],
    ],
  },
  {
    name: 'a zone transfer without transfer',
    qname: 'example.org.',
    type: 'AXFR',
    expected: ['REFUSED', 'qr rd', [], [], []],
  },
])
  test(`file: ${name}`, async t =>
    assert.deepEqual(await shown(await served(t), query(qname, type)), expected))

for (const { name, reply, expected } of [
  {
    name: 'an address',
    reply: { answer: ['www.example.net. 5 IN A 198.51.100.1'] },
    expected: ['NOERROR', ['www.example.net. 5 IN A 198.51.100.1'], [NS]],
  },
  { name: 'no such name', reply: { rcode: 'NXDOMAIN' }, expected: ['NXDOMAIN', [], [SOA]] },
  { name: 'no such type', reply: {}, expected: ['NOERROR', [], [SOA]] },
  { name: 'SERVFAIL', reply: { rcode: 'SERVFAIL' }, expected: ['SERVFAIL', [], [NS]] },
  { name: 'REFUSED', reply: { rcode: 'REFUSED' }, expected: ['NOERROR', [], [NS]] },
] as const)
  test(`file: the target of an alias, asked of the server: ${name}`, async t => {
    const asked: unknown[] = []
    const resolve = async (_: unknown, qname: string, type: number) => {
      asked.push([qname, type])
      return replyTo(query(qname), reply)
    }
    const one = await served(t, undefined, { serve: { resolve } })
    const [rcode, flags, answer, authority] = await shown(one, query('out.example.org.'))
    const [expectedRcode, records, authorities] = expected
    assert.deepEqual(
      [rcode, flags, answer, authority],
      [
        expectedRcode,
        'qr aa rd',
        ['out.example.org. 60 IN CNAME www.example.net.', ...records],
        authorities,
      ],
    )
    assert.deepEqual(asked, [['www.example.net.', 1]])
  })

test('file: a zone that is gone when the target of its alias comes', async t => {
  const one = await served(t, undefined, {
    serve: {
      async resolve(_, qname) {
        one.control.kept.keepOnly([])
        return replyTo(query(qname), { answer: ['www.example.net. 5 IN A 198.51.100.1'] })
      },
    },
  })
  assert.deepEqual(await shown(one, query('out.example.org.')), ['SERVFAIL', 'qr rd', [], [], []])
})

for (const { name, text, qname, passes } of [
  { name: 'no such name', text: 'fallthrough', qname: 'x.example.org.', passes: true },
  { name: 'an empty non-terminal', text: 'fallthrough', qname: 'b.example.org.', passes: true },
  {
    name: 'a name above a wildcard',
    text: 'fallthrough',
    qname: 'wild.example.org.',
    passes: true,
  },
  { name: 'a name with records', text: 'fallthrough', qname: 'a.example.org.', passes: false },
  { name: 'no such type', text: 'fallthrough', qname: 'x.wild.example.org.', passes: false },
  { name: 'a delegation', text: 'fallthrough', qname: 'a.sub.example.org.', passes: false },
  { name: 'a name of no zone', text: '', qname: 'example.com.', passes: true },
  {
    name: 'a name beside those of fallthrough',
    text: 'fallthrough y.example.org',
    qname: 'x.example.org.',
    passes: false,
  },
])
  test(`file: goes on to the next plugin: ${name}: ${passes}`, async t => {
    const one = await served(t, `file ${PLACE_HOLDER} {\n${text}\n}`, next)
    assert.equal(show(await one.handle(query(qname))).rcode === 'NOTIMP', passes)
  })

test('file: a name of no zone is refused where nobody stands behind', async t => {
  const block = { zones: ['.'], chain: ['file'] }
  const one = await served(t, `file ${PLACE_HOLDER} example.org`, { control: { block } })
  assert.equal(show(await one.handle(query('example.com.'))).rcode, 'REFUSED')
})

test('file: a NOTIFY is told of and dropped', async t => {
  const one = await served(t)
  assert.equal((await one.handle(query('a.example.org.', 'SOA', { opcode: 4 }))).bytes.length, 0)
  assert.deepEqual(one.serve.logged, ['[INFO] Dropping notify from 192.0.2.53 for a.example.org.'])
})

test('file: the wildcard that was expanded is metadata', async t => {
  const one = await served(t)
  const request = query('x.wild.example.org.', 'TXT')
  const metadata = one.collect(request)
  await one.handle(request)
  assert.equal(metadata.get('zone/wildcard'), '*.wild.example.org.')
})

test('file: a file that is missing', async t => {
  const path = join(temporaryFolder(t), 'db')
  const one = await chain(file, `file ${path} example.org example.net`, next)
  const failure = `open ${path}: no such file or directory`
  assert.deepEqual(one.control.logged, [
    `[WARNING] Failed to open ${JSON.stringify(failure)}: trying again in 1m0s`,
  ])
  assert.equal(show(await one.handle(query('a.example.org.'))).rcode, 'SERVFAIL')
  await assert.rejects(chain(file, `file ${path} example.org {\nreload 0\n}`), {
    message: `plugin/file: ${failure}`,
  })
})

test('file: is read again every reload interval, and caches are told', async t => {
  t.mock.timers.enable({ apis: ['setInterval'] })
  const path = zoneFile(t)
  const one = await chain(file, `file ${path} {\nreload 10s\n}`, { keys: 'example.org' })
  const { board, logged } = one.control
  const marks = (): number => board.words.filter(word => word !== 0).length
  assert.equal(marks(), 0)
  writeFileSync(path, ZONE.replace(' 7 ', ' 8 ').replace('192.0.2.1', '192.0.2.9'))
  t.mock.timers.tick(10_000)
  while (logged.length === 0) await new Promise(setImmediate)
  assert.equal(marks(), 1)
  const { answer } = show(await one.handle(query('a.example.org.')))
  assert.deepEqual(answer, ['a.example.org. 60 IN A 192.0.2.9'])
  assert.ok(logged[0]?.endsWith('with 8 SOA serial'))
})

test('file: a reload of the Corefile keeps a zone whose file is the same', async t => {
  const path = zoneFile(t)
  const text = `file ${path}`
  const first = await chain(file, text, { keys: 'example.org' })
  const { kept } = first.control
  const process = { isFirstLoad: false }
  const load = () => chain(file, text, { keys: 'example.org', control: { kept, process } })
  const marked = ({ control }: Chain): boolean => control.board.words.some(word => word !== 0)
  assert.equal(marked(await load()), false)
  writeFileSync(path, ZONE.replace('192.0.2.1', '192.0.2.9'))
  const second = await load()
  assert.equal(marked(second), true)
  const { answer } = show(await first.handle(query('a.example.org.')))
  assert.deepEqual(answer, ['a.example.org. 60 IN A 192.0.2.9'])
  writeFileSync(path, 'a NOPE\n')
  await assert.rejects(load(), /db:1:3: NOPE is neither/)
})

test('file: check shows each problem of a zone file at its place, and misses no file', async t => {
  const path = zoneFile(t, `${ZONE}b NOPE\n\n c A 1.2\n`)
  const found: string[] = []
  const scope: InspectScope = {
    block: { directives: ['file'] },
    settings: initialSettings(),
    log: fakeLogger(found),
    async attempt(task) {
      try {
        await task()
        return true
      } catch (error) {
        assert.ok(error instanceof Error)
        const span = error instanceof CorefileError ? error.span : undefined
        found.push(`${span?.file}:${span?.line}:${span?.column}: ${error.message}`)
        return false
      }
    },
  }
  const text = `file ${path} example.org\nfile ${path}.not example.net\nfile ${path} example.com {\nreload 0\n}`
  await inspect(options(file, text), scope)
  const problems = [
    `${path}:14:3: NOPE is neither a TTL, a class nor a record type`,
    `${path}:16:2: c is neither a TTL, a class nor a record type`,
  ]
  const failure = `open ${path}.not: no such file or directory`
  assert.deepEqual(found, [
    ...problems,
    `[WARNING] Failed to open ${JSON.stringify(failure)}: trying again in 1m0s`,
    ...problems,
  ])
})
