import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { bothPaths } from '../../../test/support/both-paths.ts'
import { fakeCluster } from '../../../test/support/cluster-records.ts'
import {
  chain,
  counterValue,
  fakeBlock,
  options,
  parseError,
  query,
  replyTo,
  show,
} from '../../../test/support/plugin-harness.ts'
import { temporaryFolder } from '../../../test/support/server-process.ts'
import { unwritten } from '../../chain/answer/answer.ts'
import { SILENCE } from '../../chain/reply/reply.ts'
import type { Handler } from '../../chain/stage/handler.ts'
import { nameToText } from '../../wire/name.ts'
import { RCODE_REFUSED } from '../../wire/rcodes.ts'
import { autopath } from './index.ts'

const parsed: { text: string; keys?: string; zones: string[]; source: object }[] = [
  { text: 'autopath resolv.conf', zones: ['.'], source: { file: 'resolv.conf' } },
  {
    text: 'autopath @kubernetes',
    keys: 'a.test b.test',
    zones: ['a.test.', 'b.test.'],
    source: { plugin: 'kubernetes' },
  },
  {
    text: 'autopath A.test b.test @erratic',
    zones: ['a.test.', 'b.test.'],
    source: { plugin: 'erratic' },
  },
  { text: 'autopath one\nautopath x.test two', zones: ['x.test.'], source: { file: 'two' } },
]
for (const { text, keys = '.', zones, source } of parsed)
  test(`autopath is read: ${text.replace('\n', ', ')}`, () => {
    assert.deepEqual(options(autopath, text, keys), { zones, source })
  })

test('autopath: it needs a path', () => {
  assert.equal(parseError(autopath, 'autopath'), 'no resolv-conf specified')
})

const RESOLV_CONF = `# none of these: search nowhere.test
nameserver 192.0.2.53
domain old.test
search NS1.svc.lan svc.lan. lan
options ndots:5
`

/** Names that exist; NXDOMAIN with a SOA record for all others. */
const zone =
  (records: Record<string, string[]>): Handler =>
  request => {
    const { name } = request.question
    const found = records[name.toLowerCase()]
    if (found === undefined)
      return replyTo(request, { rcode: 'NXDOMAIN', authority: ['lan. 60 IN SOA a. b. 1 2 3 4 5'] })
    return replyTo(request, { answer: found.map(text => `${name} ${text}`), aa: true })
  }

const setup = async (t: TestContext, next: Handler, file = RESOLV_CONF) => {
  const path = join(temporaryFolder(t), 'resolv.conf')
  writeFileSync(path, file)
  const asked: string[] = []
  const made = await chain(autopath, `autopath ${path}`, {
    next: request => {
      asked.push(nameToText(request.question.wire))
      return next(request)
    },
  })
  return { ...made, asked }
}

const A = '30 IN A 192.0.2.1'

const walks: {
  rule: string
  records: Record<string, string[]>
  name: string
  answer: string[]
  asks: string[]
}[] = [
  {
    rule: 'in the first domain: no alias is needed',
    records: { 'web.ns1.svc.lan.': [A] },
    name: 'web.ns1.svc.lan.',
    answer: [`web.ns1.svc.lan. ${A}`],
    asks: ['web.ns1.svc.lan.'],
  },
  {
    rule: 'in a later one: an alias leads there, with the TTL of the record',
    records: { 'api.svc.lan.': [A] },
    name: 'api.ns1.svc.lan.',
    answer: ['api.ns1.svc.lan. 30 IN CNAME api.svc.lan.', `api.svc.lan. ${A}`],
    asks: ['api.ns1.svc.lan.', 'api.svc.lan.'],
  },
  {
    rule: 'as it is, in the end; letters stay as they are asked',
    records: { 'www.example.org.': [A] },
    name: 'WWW.example.org.Ns1.svc.lan.',
    answer: ['WWW.example.org.Ns1.svc.lan. 30 IN CNAME www.example.org.', `www.example.org. ${A}`],
    asks: [
      'WWW.example.org.ns1.svc.lan.',
      'WWW.example.org.svc.lan.',
      'WWW.example.org.lan.',
      'WWW.example.org.',
    ],
  },
  {
    rule: 'a name without records of the type ends the search',
    records: { 'v4.svc.lan.': [], 'v4.lan.': [A] },
    name: 'v4.ns1.svc.lan.',
    answer: [],
    asks: ['v4.ns1.svc.lan.', 'v4.svc.lan.'],
  },
  {
    rule: 'a name below the second domain only is left alone',
    records: { 'api.svc.lan.': [A] },
    name: 'api.svc.lan.',
    answer: [`api.svc.lan. ${A}`],
    asks: ['api.svc.lan.'],
  },
]
for (const { rule, records, name, answer, asks } of walks)
  test(`autopath, found ${rule}`, async t => {
    const { handle, asked } = await setup(t, zone(records))
    const shown = show(await handle(query(name)))
    assert.deepEqual(
      { question: shown.question, answer: shown.answer, rcode: shown.rcode },
      { question: `${name} IN A`, answer, rcode: 'NOERROR' },
    )
    assert.deepEqual(asked, asks)
  })

test('autopath: what exists nowhere is answered as the first question was, and not counted', async t => {
  const { handle, asked, control, serve } = await setup(t, zone({ 'web.ns1.svc.lan.': [A] }))
  const shown = show(await handle(query('nope.ns1.svc.lan.')))
  assert.deepEqual([shown.rcode, shown.answer, asked.length], ['NXDOMAIN', [], 4])
  const count = () => counterValue(control, serve.row, 'coredns_autopath_success_total')
  assert.equal(count(), 0)
  await handle(query('web.ns1.svc.lan.'))
  assert.equal(count(), 1)
})

test('autopath: what a plugin hands back to the server is no answer yet', async t => {
  const known = zone({ 'www.example.org.': [A] })
  const { handle } = await setup(t, request =>
    request.question.name.endsWith('.lan.') ? unwritten(request, RCODE_REFUSED) : known(request),
  )
  const found = show(await handle(query('www.example.org.ns1.svc.lan.')))
  assert.deepEqual([found.rcode, found.answer.length], ['NOERROR', 2])
  const none = show(await handle(query('nope.ns1.svc.lan.')))
  assert.deepEqual([none.rcode, none.answer], ['REFUSED', []])
})

test('autopath: silence stays silent', async t => {
  const { handle } = await setup(t, () => SILENCE)
  assert.equal(await handle(query('a.ns1.svc.lan.')), SILENCE)
})

test('autopath: nothing is left of the first domain itself to look for', async t => {
  const { handle } = await setup(t, zone({}))
  await assert.rejects(async () => handle(query('ns1.SVC.lan.')), {
    message: 'plugin/autopath: trimzone: overshot qname: ns1.SVC.lan.for zone ns1.svc.lan.',
    rcode: 2,
  })
})

test('autopath: a name that gets too long behind a domain is not asked for', async t => {
  const label = 'x'.repeat(60)
  const { handle, asked } = await setup(
    t,
    zone({}),
    `search short.test ${label}.${label}.${label}.test`,
  )
  await handle(query(`${label}.${label}.short.test.`))
  assert.deepEqual(asked, [`${label}.${label}.short.test.`, `${label}.${label}.`])
})

test('autopath: a file without a search list changes nothing', async t => {
  const { handle, asked } = await setup(t, zone({}), 'nameserver 192.0.2.1\n')
  await handle(query('a.ns1.svc.lan.'))
  assert.deepEqual(asked, ['a.ns1.svc.lan.'])
})

const refusals: { rule: string; text: (folder: string) => string; error: RegExp }[] = [
  {
    rule: 'a file that is not there',
    text: folder => `autopath ${folder}/nosuch`,
    error: /^Error: failed to parse ".*nosuch": open .*nosuch: no such file or directory$/,
  },
  {
    rule: 'a plugin that knows no search paths',
    text: () => 'autopath @hosts',
    error: /^Error: hosts does not implement the AutoPather interface$/,
  },
  {
    rule: 'more domains than a query may be asked for',
    text: folder => {
      writeFileSync(join(folder, 'many'), `search ${'a.test '.repeat(101)}`)
      return `autopath ${folder}/many`
    },
    error: /many' has 101 search domains: at most 100 are looked at$/,
  },
]
for (const { rule, text, error } of refusals)
  test(`autopath refuses ${rule}`, async t => {
    const block = fakeBlock({ directives: ['autopath', 'hosts'] })
    await assert.rejects(
      chain(autopath, text(temporaryFolder(t)), { control: { block } }),
      thrown => {
        assert.match(String(thrown), error)
        return true
      },
    )
  })

test('autopath warns of a plugin that does not stand in the block', async () => {
  const { control, handle } = await chain(autopath, 'autopath @kubernetes', { next: zone({}) })
  assert.match(control.logged.join('\n'), /'@kubernetes' has no effect: kubernetes does not stand/)
  assert.equal(show(await handle(query('a.test.'))).rcode, 'NXDOMAIN')
})

const CLUSTER = `
apiVersion: v1
kind: Namespace
metadata: { name: shop }
---
apiVersion: v1
kind: Pod
metadata: { name: a, namespace: shop }
spec: { containers: [{ name: a, image: a }] }
status: { phase: Running, podIP: 192.0.2.53, podIPs: [{ ip: 192.0.2.53 }] }
`

test('autopath @kubernetes: what is no name of the own namespace keeps the fast path', async () => {
  const text = 'kubernetes cluster.local {\npods verified\nfallthrough\n}'
  const answers = zone({ 'www.example.org.': [A] })
  const paths = await bothPaths(
    ['errors', 'autopath @kubernetes', 'cache 30', text],
    answers,
    ['.'],
    control => fakeCluster(control, text, CLUSTER),
  )
  const others = ['www.example.org.', 'www.example.org.lab.svc.cluster.local.', 'shop.svc.test.']
  for (const name of others) {
    const { bytes } = query(name)
    await paths.slow(bytes)
    const slow = await paths.slow(bytes)
    assert.deepEqual(paths.fast(bytes), new Uint8Array(slow ?? []), name)
  }
  const own = query('www.example.org.shop.svc.cluster.local.').bytes
  const other = { address: '192.0.2.54', port: 53_000, family: 4 } as const
  assert.equal(paths.fast(own), undefined)
  assert.equal((await paths.slow(own))?.at(3), 0)
  assert.equal(((await paths.slow(own, other))?.at(3) ?? 0) & 15, 3)
})
