import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  chain,
  fakeControl,
  fakeServe,
  options,
  parseError,
  query,
  show,
} from '../../../test/support/plugin-harness.ts'
import { SEARCH_PATHS } from '../../chain/offers/search-paths.ts'
import { SILENCE } from '../../chain/reply/reply.ts'
import { nameToText } from '../../wire/name.ts'
import { control } from './control.ts'
import { erratic } from './index.ts'
import type { ErraticOptions } from './options.ts'
import { serve } from './serve.ts'

const block = (...lines: string[]): string => `erratic {\n${lines.join('\n')}\n}`
const NONE: ErraticOptions = { drop: 0, truncate: 0, delay: 0, delayMs: 100, isLarge: false }

const parsed: [text: string, expected: Partial<ErraticOptions>][] = [
  ['erratic', { drop: 2 }],
  [block('drop'), { drop: 2 }],
  [block('drop 3'), { drop: 3 }],
  [block('drop 0'), {}],
  [block('large'), { drop: 2, isLarge: true }],
  [block('truncate'), { truncate: 2 }],
  [block('truncate 5', 'drop'), { truncate: 5 }],
  [block('truncate 5', 'drop 7'), { truncate: 5, drop: 7 }],
  [block('truncate 0', 'delay 0'), { drop: 2 }],
  [block('delay'), { delay: 2 }],
  [block('delay 3'), { delay: 3 }],
  [block('delay 1 5ms'), { delay: 1, delayMs: 5 }],
  [`${block('drop 3')}\n${block('large')}`, { drop: 3, isLarge: true }],
]
for (const [text, expected] of parsed)
  test(`erratic: ${text.replaceAll('\n', ' ')}`, () =>
    assert.deepEqual(options(erratic, text), { ...NONE, ...expected }))

const place = 'Corefile:3 - Error during parsing: '
const surplus = (word: string): string =>
  `${place}Wrong argument count or unexpected line ending after '${word}'`
const errors: [line: string, message: string][] = [
  ['drop many', 'strconv.ParseInt: parsing "many": invalid syntax'],
  ['truncate 1.5', 'strconv.ParseInt: parsing "1.5": invalid syntax'],
  ['delay 2147483648', 'strconv.ParseInt: parsing "2147483648": value out of range'],
  ['drop -1', 'illegal amount value given "-1"'],
  ['delay 1 fast', 'time: invalid duration "fast"'],
  ['drop 1 2', surplus('2')],
  ['truncate 1 2', surplus('2')],
  ['delay 1 2s 3', surplus('3')],
  ['large x', `${place}unknown property 'x'`],
  ['explode', `${place}unknown property 'explode'`],
]
for (const [line, message] of errors)
  test(`erratic refuses: ${line}`, () => assert.equal(parseError(erratic, block(line)), message))

/** What becomes of so many queries: `-` for silence, `T` for TC. */
const fates = async (text: string, count: number, type = 'A'): Promise<string> => {
  const { handle } = await chain(erratic, text)
  let seen = ''
  for (let n = 0; n < count; n++) {
    const reply = await handle(query('a.example.org.', type))
    if (reply === SILENCE) seen += '-'
    else seen += show(reply).flags.includes('tc') ? 'T' : '.'
  }
  return seen
}

const series: [text: string, expected: string, type?: string][] = [
  ['erratic', '-.-.-.'],
  [block('drop 3'), '-..-..-'],
  [block('drop 3'), '-..-..-', 'TXT'],
  [block('drop 1'), '---'],
  [block('truncate 1'), 'TTT'],
  [block('truncate 2'), 'T.T.T'],
  [block('truncate 3'), 'T..T..'],
  [block('drop 0', 'truncate 0'), '....'],
]
for (const [text, expected, type] of series)
  test(`erratic, query by query: ${text.replaceAll('\n', ' ')} ${type ?? 'A'}`, async () =>
    assert.equal(await fates(text, expected.length, type), expected))

test('erratic counts over all shards', async () => {
  const scope = fakeControl({ shards: 2 })
  const word = control(NONE, scope)
  const shards = [0, 1].map(shard =>
    serve({ ...NONE, drop: 2 }, fakeServe({ control: scope, shard }), word).wrap(() => SILENCE),
  )
  const dropped: boolean[] = []
  for (const shard of [0, 1, 1, 0, 0])
    dropped.push((await shards[shard]!(query('example.org.'))) === SILENCE)
  assert.deepEqual(dropped, [true, false, true, false, true])
})

const answers: [text: string, type: string, answer: string[], rcode?: string][] = [
  [block('drop 0'), 'A', ['A.example.org. 0 IN A 192.0.2.53']],
  [block('drop 0'), 'AAAA', ['A.example.org. 0 IN AAAA 2001:db8::53']],
  [block('drop 0', 'large'), 'A', new Array(30).fill('A.example.org. 0 IN A 192.0.2.53')],
  [block('drop 0', 'large'), 'AAAA', ['A.example.org. 0 IN AAAA 2001:db8::53']],
  [block('drop 0'), 'TXT', [], 'SERVFAIL'],
]
for (const [text, type, answer, rcode = 'NOERROR'] of answers)
  test(`erratic answers ${type}: ${text.replaceAll('\n', ' ')}`, async () => {
    const { handle } = await chain(erratic, text)
    const reply = show(await handle(query('A.example.org.', type)))
    assert.deepEqual(reply.answer, answer)
    assert.equal(reply.rcode, rcode)
    assert.equal(reply.flags, rcode === 'NOERROR' ? 'qr aa rd' : 'qr rd')
  })

const SOA =
  'X.org. 0 IN SOA sns.dns.icann.org. noc.dns.icann.org. 2018050825 7200 3600 1209600 3600'
const ZONE = [
  SOA,
  'X.org. 0 IN NS b.X.org.',
  'X.org. 0 IN NS a.X.org.',
  'a.X.org. 0 IN AAAA 2001:bd8::53',
  'b.X.org. 0 IN AAAA 2001:500::54',
]
for (const [rule, text, end] of [
  ['a zone', block('drop 0'), [SOA]],
  ['a zone without its end', block('truncate 1'), []],
] as const)
  test(`erratic answers AXFR with ${rule}`, async () => {
    const { handle } = await chain(erratic, text)
    const reply = show(await handle(query('X.org.', 'AXFR', { transport: 'tcp' })))
    assert.deepEqual(reply.answer, [...ZONE, ...end])
    assert.equal(reply.flags, 'qr aa rd')
  })

test('erratic answers AXFR of a name that no name fits below', async () => {
  const name = `${['x', 'y', 'z'].map(letter => `${letter.repeat(63)}.`).join('')}${'x'.repeat(60)}.`
  const { handle } = await chain(erratic, block('drop 0'))
  const reply = show(await handle(query(name, 'AXFR', { transport: 'tcp' })))
  assert.deepEqual(
    reply.answer.map(record => record.split(' ')[3]),
    ['SOA', 'SOA'],
  )
})

const delays: { rule: string; text: string; ms: number; isSilent: boolean }[] = [
  { rule: 'is late', text: block('delay 1 300ms'), ms: 300, isSilent: false },
  { rule: 'is silent at its deadline', text: block('delay 1 1h'), ms: 5000, isSilent: true },
]
for (const { rule, text, ms, isSilent } of delays)
  test(`erratic, delayed, ${rule}`, async t => {
    const { handle, serve: scope } = await chain(erratic, text)
    t.mock.timers.enable({ apis: ['setTimeout'] })
    let reply: unknown
    const answered = (async () => {
      reply = await handle(query('example.org.', 'A', { receivedMs: scope.clock.ms() }))
    })()
    t.mock.timers.tick(ms - 1)
    await null
    assert.equal(reply, undefined)
    t.mock.timers.tick(1)
    await answered
    assert.equal(reply === SILENCE, isSilent)
  })

test('erratic is ready from its third query to its fifth', async () => {
  const ready: boolean[] = []
  let isReady = (): boolean => assert.fail('it has said nothing')
  const readiness = {
    add: (_: string, given: () => boolean) => {
      isReady = given
    },
    notReady: () => [],
  }
  const scope = fakeControl({ process: { readiness } })
  const { handle } = await chain(erratic, 'erratic', { control: scope })
  for (let n = 0; n < 6; n++) {
    ready.push(isReady())
    await handle(query('example.org.'))
  }
  assert.deepEqual(ready, [false, false, false, true, true, false])
})

test('erratic has one search path for all clients', async () => {
  const { serve: scope } = await chain(erratic, 'erratic')
  const [paths] = scope.offered(SEARCH_PATHS)
  const asked = query('www.A.example.org.')
  assert.deepEqual(
    paths?.of(asked).map(domain => nameToText(domain)),
    ['a.example.org.', 'b.example.org.', '.'],
  )
  assert.equal(paths?.plugin, 'erratic')
  assert.deepEqual(
    [asked, query('a.example.org.'), query('www.b.example.org.')].map(each =>
      paths?.concerns(each),
    ),
    [true, true, false],
  )
})
