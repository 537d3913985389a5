import assert from 'node:assert/strict'
import { mkdtemp, rm, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import {
  type Chain,
  type ChainOptions,
  chain,
  gaugeValues,
  query,
  replyTo,
  show,
} from '../../../test/support/plugin-harness.ts'
import type { Query } from '../../chain/query/query.ts'
import { hosts } from './index.ts'

const next = (request: Query) => replyTo(request, { rcode: 'NXDOMAIN' })

const start = async (t: TestContext, text: string, setup: ChainOptions = {}): Promise<Chain> => {
  const built = await chain(hosts, text, { next, ...setup })
  t.after(() => built.retire())
  return built
}

const FILE = `
192.0.2.2 two.example.org
192.0.2.1 two.example.org one.example.org
2001:db8::1 six.example.org
192.0.2.9 *.wild.example.org
192.0.2.1 other.net
`

const fileOf = async (t: TestContext, text = FILE): Promise<string> => {
  const folder = await mkdtemp(join(tmpdir(), 'hosts-'))
  t.after(() => rm(folder, { recursive: true }))
  const path = join(folder, 'hosts')
  await writeFile(path, text)
  return path
}

const EMPTY = 'NOERROR qr aa rd'
const SERVFAIL = 'SERVFAIL qr rd'
const NEXT = 'NXDOMAIN qr rd'
const REVERSE = '1.2.0.192.in-addr.arpa.'

const cases: {
  name: string
  block?: string[]
  zones?: string
  qname: string
  type?: string
  reply: string
  answer?: string[]
}[] = [
  {
    name: 'A: all addresses in order, owner in lower case',
    qname: 'Two.Example.ORG.',
    reply: EMPTY,
    answer: ['two.example.org. 3600 IN A 192.0.2.2', 'two.example.org. 3600 IN A 192.0.2.1'],
  },
  {
    name: 'AAAA',
    qname: 'six.example.org.',
    type: 'AAAA',
    reply: EMPTY,
    answer: ['six.example.org. 3600 IN AAAA 2001:db8::1'],
  },
  {
    name: 'the ttl given',
    block: ['ttl 5'],
    qname: 'six.example.org.',
    type: 'AAAA',
    reply: EMPTY,
    answer: ['six.example.org. 5 IN AAAA 2001:db8::1'],
  },
  {
    name: 'a wildcard',
    qname: 'x.wild.example.org.',
    reply: EMPTY,
    answer: ['x.wild.example.org. 3600 IN A 192.0.2.9'],
  },
  {
    name: 'inline entries come after those of the file',
    block: ['192.0.2.3 one.example.org'],
    qname: 'one.example.org.',
    reply: EMPTY,
    answer: ['one.example.org. 3600 IN A 192.0.2.1', 'one.example.org. 3600 IN A 192.0.2.3'],
  },
  {
    name: 'a name of the other family is empty',
    qname: 'one.example.org.',
    type: 'AAAA',
    reply: EMPTY,
  },
  {
    name: 'a name of the other family is empty with fallthrough, too',
    block: ['fallthrough'],
    qname: 'one.example.org.',
    type: 'AAAA',
    reply: EMPTY,
  },
  { name: 'another type is empty', qname: 'one.example.org.', type: 'TXT', reply: EMPTY },
  {
    name: 'another type is empty with fallthrough, too',
    block: ['fallthrough'],
    qname: 'one.example.org.',
    type: 'TXT',
    reply: EMPTY,
  },
  {
    name: 'another type under a wildcard is empty',
    qname: 'x.wild.example.org.',
    type: 'MX',
    reply: EMPTY,
  },
  {
    name: 'another type falls through with fallthrough_unsupported',
    block: ['fallthrough', 'fallthrough_unsupported'],
    qname: 'one.example.org.',
    type: 'TXT',
    reply: NEXT,
  },
  {
    name: 'fallthrough_unsupported is for the zones of fallthrough',
    block: ['fallthrough example.net', 'fallthrough_unsupported'],
    qname: 'one.example.org.',
    type: 'TXT',
    reply: EMPTY,
  },
  {
    name: 'fallthrough_unsupported is not for the other family',
    block: ['fallthrough', 'fallthrough_unsupported'],
    qname: 'one.example.org.',
    type: 'AAAA',
    reply: EMPTY,
  },
  { name: 'an unknown name is SERVFAIL', qname: 'none.example.org.', reply: SERVFAIL },
  {
    name: 'an unknown name falls through',
    block: ['fallthrough'],
    qname: 'none.example.org.',
    reply: NEXT,
  },
  {
    name: 'an unknown name falls through in the zones given',
    block: ['fallthrough none.example.org'],
    qname: 'none.example.org.',
    reply: NEXT,
  },
  {
    name: 'an unknown name of another zone does not',
    block: ['fallthrough example.net'],
    qname: 'none.example.org.',
    reply: SERVFAIL,
  },
  {
    name: 'a name outside the zones goes on',
    zones: 'example.org',
    qname: 'other.net.',
    reply: NEXT,
  },
  {
    name: 'PTR: names in order, zones or not',
    qname: REVERSE,
    type: 'PTR',
    reply: EMPTY,
    answer: ['two.example.org.', 'one.example.org.', 'other.net.'].map(
      name => `${REVERSE} 3600 IN PTR ${name}`,
    ),
  },
  {
    name: 'PTR: names outside the zones are not there',
    zones: 'example.org',
    qname: REVERSE,
    type: 'PTR',
    reply: EMPTY,
    answer: ['two.example.org.', 'one.example.org.'].map(name => `${REVERSE} 3600 IN PTR ${name}`),
  },
  {
    name: 'PTR: an unknown address goes on',
    qname: '7.2.0.192.in-addr.arpa.',
    type: 'PTR',
    reply: NEXT,
  },
  { name: 'PTR: a wildcard has none', qname: '9.2.0.192.in-addr.arpa.', type: 'PTR', reply: NEXT },
  {
    name: 'PTR: a name that is no address goes on',
    qname: 'one.example.org.',
    type: 'PTR',
    reply: NEXT,
  },
  {
    name: 'PTR: no_reverse goes on',
    block: ['no_reverse'],
    qname: REVERSE,
    type: 'PTR',
    reply: NEXT,
  },
  { name: 'the reverse name as such, another type', qname: REVERSE, type: 'A', reply: SERVFAIL },
]
for (const c of cases) {
  test(`hosts: ${c.name}`, async t => {
    const text = `hosts ${await fileOf(t)} ${c.zones ?? ''} {\n${(c.block ?? ['ttl 3600']).join('\n')}\n}`
    const { handle } = await start(t, text)
    const shown = show(await handle(query(c.qname, c.type ?? 'A')))
    assert.equal(`${shown.rcode} ${shown.flags}`, c.reply)
    assert.deepEqual(shown.answer, c.answer ?? [])
    assert.deepEqual([...shown.authority, ...shown.additional], [])
  })
}

test('a relative path is below root', async t => {
  const path = await fileOf(t)
  const { handle } = await start(t, 'hosts hosts', {
    control: { settings: { root: join(path, '..') } },
  })
  assert.equal(show(await handle(query('one.example.org.'))).answer.length, 1)
})

test('a missing file is a warning, and inline entries answer', async t => {
  const { control, handle } = await start(t, 'hosts /nonexistent/hosts {\n192.0.2.1 a\n}')
  assert.deepEqual(control.logged, ['[WARNING] File does not exist: /nonexistent/hosts'])
  assert.equal(show(await handle(query('a.'))).answer.length, 1)
  assert.deepEqual(gaugeValues(control, 'coredns_hosts_entries'), [])
  assert.deepEqual(gaugeValues(control, 'coredns_hosts_reload_timestamp_seconds'), [])
})

test('a folder is a warning', async t => {
  const { control } = await start(t, `hosts ${tmpdir()}`)
  assert.deepEqual(control.logged, [`[WARNING] Hosts file "${tmpdir()}" is a directory`])
})

test('a file that cannot be looked at ends the load', async t => {
  const path = join(await fileOf(t), 'below')
  const message = `Corefile:2 - Error during parsing: unable to access hosts file '${path}': stat ${path}: not a directory`
  await assert.rejects(chain(hosts, `hosts ${path}`), { message })
})

test('gauges show the entries and the time of the file that was read', async t => {
  const path = await fileOf(t, '192.0.2.1 a *.b\n')
  await utimes(path, 1000, 1234.25)
  const { control } = await start(t, `hosts ${path} {\n192.0.2.2 c\n}`)
  assert.deepEqual(gaugeValues(control, 'coredns_hosts_entries'), [
    { labels: { hostsfile: path }, value: 5 },
  ])
  assert.deepEqual(gaugeValues(control, 'coredns_hosts_reload_timestamp_seconds'), [
    { labels: {}, value: 1234.25 },
  ])
})

test('a changed file is read at the next look', async t => {
  t.mock.timers.enable({ apis: ['setInterval'] })
  const path = await fileOf(t, '192.0.2.1 a\n')
  const { handle } = await start(t, `hosts ${path} {\nreload 7s\n}`)
  const answers = async (): Promise<number> => show(await handle(query('changed.'))).answer.length
  await writeFile(path, '192.0.2.1 changed\n')
  assert.equal(await answers(), 0)
  t.mock.timers.tick(7000)
  while ((await answers()) === 0) await new Promise(setImmediate)
})

test('a reload keeps the records, and reads the file though it looks the same', async t => {
  const path = await fileOf(t, '192.0.2.1 aa')
  await utimes(path, 1000, 1000)
  const first = await start(t, `hosts ${path}`)
  await writeFile(path, '192.0.2.1 bb')
  await utimes(path, 1000, 1000)
  const { kept } = first.control
  const second = await start(t, `hosts ${path} {\nttl 5\n}`, { control: { kept } })
  const answers = async (name: string): Promise<number> =>
    show(await first.handle(query(name))).answer.length
  assert.deepEqual([await answers('aa.'), await answers('bb.')], [0, 1])
  assert.deepEqual(gaugeValues(second.control, 'coredns_hosts_entries'), [
    { labels: { hostsfile: path }, value: 2 },
  ])
})

const others: { name: string; text: string; keys?: string; isKept: boolean }[] = [
  { name: 'the same', text: 'hosts FILE', isKept: true },
  {
    name: 'another TTL and fallthrough',
    text: 'hosts FILE {\nttl 9\nfallthrough\n}',
    isKept: true,
  },
  { name: 'another file', text: 'hosts FILE.other', isKept: false },
  { name: 'other zones', text: 'hosts FILE example.org', isKept: false },
  { name: 'an inline entry', text: 'hosts FILE {\n192.0.2.9 x\n}', isKept: false },
  { name: 'no_reverse', text: 'hosts FILE {\nno_reverse\n}', isKept: false },
  { name: 'another interval', text: 'hosts FILE {\nreload 1h\n}', isKept: false },
  { name: 'another server block', text: 'hosts FILE .', keys: 'example.org', isKept: false },
]
for (const { name, text, keys, isKept } of others) {
  test(`one source for equal directives: ${name}`, async t => {
    const path = await fileOf(t)
    const of = (directive: string): string => directive.replace('FILE', path)
    const first = await start(t, of('hosts FILE .'))
    let made = 0
    const { kept } = first.control
    const get = kept.get.bind(kept)
    kept.get = (identity, make) =>
      get(identity, resources => {
        made++
        return make(resources)
      })
    await start(t, of(text), { control: { kept }, ...(keys === undefined ? {} : { keys }) })
    assert.equal(made, isKept ? 0 : 1)
  })
}
