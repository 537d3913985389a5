import assert from 'node:assert/strict'
import { test } from 'node:test'
import { query, type ReplyOptions, replyTo, show } from '../../../test/support/messages.ts'
import { numbersFrom } from '../../../test/support/query-mix.ts'
import { type MessageLayout, readLayout } from '../../wire/layout.ts'
import type { OptParts } from '../../wire/opt-record.ts'
import { TYPE_CNAME } from '../../wire/rrtypes.ts'
import { MessageWriter } from '../../wire/writer.ts'
import { Reply, SILENCE } from '../reply/reply.ts'
import { type AnswerParts, answer } from './answer.ts'
import { type Change, edit, optOf } from './edit.ts'

const request = query('www.example.org.')
const ALIAS = 'www.example.org. 60 IN CNAME web.example.net.'
const a = (n: number, ttl = 60): string => `web.example.net. ${ttl} IN A 192.0.2.${n}`
const NS = 'example.net. 60 IN NS ns.example.net.'
const GLUE = 'ns.example.net. 60 IN A 192.0.2.53'
const EDE = { code: 15, data: '000e' }
const EDE_OPTION = Uint8Array.of(0, 15, 0, 2, 0, 14)

const WHOLE: ReplyOptions = {
  answer: [ALIAS, a(1), a(2)],
  authority: [NS],
  additional: [GLUE],
  opt: { udpSize: 4096, do: true, options: [EDE] },
}

interface Case {
  rule: string
  reply?: ReplyOptions
  change: Change
  /** What is other than in the reply. */
  expected: Record<string, unknown>
}

const cases: readonly Case[] = [
  {
    rule: 'keep: sections behind the answer are cut off, OPT stays',
    change: { keep: section => section === 0 },
    expected: { authority: [], additional: [] },
  },
  {
    rule: 'keep: a name that others point to goes, and they stay whole',
    change: { keep: (_section, type) => type !== TYPE_CNAME },
    expected: { answer: [a(1), a(2)] },
  },
  {
    rule: 'keep: by index',
    change: { keep: (_section, _type, index) => index !== 1 },
    expected: { answer: [ALIAS, a(2)] },
  },
  {
    rule: 'keep: no record at all, and no OPT',
    change: { keep: () => false, opt: false },
    expected: { answer: [], authority: [], additional: [], edns: undefined },
  },
  {
    rule: 'order: addresses change places',
    change: { order: [0, 2, 1, 3, 4, 5] },
    expected: { answer: [ALIAS, a(2), a(1)] },
  },
  {
    rule: 'order: a record whose name others point to moves behind them',
    change: { order: [2, 1, 0, 3, 4, 5] },
    expected: { answer: [a(2), a(1), ALIAS] },
  },
  {
    rule: 'order, keep, TTLs and OPT at once',
    change: {
      order: [2, 1, 0, 3, 4, 5],
      keep: (section, type) => section === 0 && type !== TYPE_CNAME,
      ttl: (_seconds, index) => index,
      opt: { udpSize: 1232 },
    },
    expected: {
      answer: [a(2, 2), a(1, 1)],
      authority: [],
      additional: [],
      edns: { udpSize: 1232, do: false, version: 0, options: [] },
    },
  },
  {
    rule: 'ttl: all the same',
    reply: { answer: [a(1, 5), a(2, 90)], opt: WHOLE.opt ?? {} },
    change: { ttl: 30 },
    expected: { answer: [a(1, 30), a(2, 30)] },
  },
  {
    rule: 'ttl: capped, and with their addresses in another order',
    reply: { answer: [a(1, 5), a(2, 90)], opt: WHOLE.opt ?? {} },
    change: { ttl: seconds => Math.min(seconds, 60), order: [1, 0, 2] },
    expected: { answer: [a(2, 60), a(1, 5)] },
  },
  {
    rule: 'ttl: told the index that a record had',
    change: { ttl: (seconds, index) => seconds + index, order: [0, 2, 1, 3, 4, 5] },
    expected: {
      answer: [ALIAS, a(2, 62), a(1, 61)],
      authority: [NS.replace('60', '63')],
      additional: [GLUE.replace('60', '64')],
    },
  },
  {
    rule: 'opt: taken out',
    change: { opt: false },
    expected: { edns: undefined },
  },
  {
    rule: 'opt: put behind the last record',
    reply: { answer: [a(1)] },
    change: { opt: { udpSize: 1232, flags: 0x8000, options: EDE_OPTION } },
    expected: { edns: { udpSize: 1232, do: true, version: 0, options: [EDE] } },
  },
  {
    rule: 'opt: its rcode is that of the reply, whatever it says',
    reply: { rcode: 'BADCOOKIE', opt: {} },
    change: { opt: { udpSize: 512, extendedRcode: 7 } },
    expected: { edns: { udpSize: 512, do: false, version: 0, options: [] } },
  },
  {
    rule: 'opt: an rcode above 15 keeps one',
    reply: { rcode: 'BADCOOKIE', opt: { options: [EDE] } },
    change: { opt: false },
    expected: { edns: { udpSize: 0, do: false, version: 0, options: [] } },
  },
  {
    rule: 'flags: set and cleared, the others stay',
    reply: { answer: [a(1)], ra: true, ad: true },
    change: { flags: { aa: true, tc: true, ad: false, rd: undefined } },
    expected: { flags: 'qr aa tc rd ra' },
  },
  {
    rule: 'flags: the other three',
    reply: { answer: [a(1)] },
    change: { flags: { rd: false, ra: true, cd: true } },
    expected: { flags: 'qr ra cd' },
  },
  { rule: 'rcode: below 16', change: { rcode: 3 }, expected: { rcode: 'NXDOMAIN' } },
  {
    rule: 'rcode: above 15 with the OPT that there is',
    change: { rcode: 23 },
    expected: { rcode: 'BADCOOKIE' },
  },
  {
    rule: 'rcode: above 15 makes an OPT',
    reply: { answer: [a(1)] },
    change: { rcode: 23 },
    expected: { rcode: 'BADCOOKIE', edns: { udpSize: 0, do: false, version: 0, options: [] } },
  },
  {
    rule: 'rcode: back below 16',
    reply: { rcode: 'BADCOOKIE', opt: {} },
    change: { rcode: 2 },
    expected: { rcode: 'SERVFAIL' },
  },
]

for (const { rule, reply: options = WHOLE, change, expected } of cases) {
  test(`edit: ${rule}`, () => {
    const reply = replyTo(request, options)
    const before = reply.bytes.slice()
    const changed = edit(reply, change)
    assert.deepEqual(show(changed), { ...show(reply), ...expected })
    assert.deepEqual(layoutOf(changed.layout), layoutOf(readLayout(changed.bytes)))
    assert.equal(changed.layout.end, changed.bytes.length)
    assert.deepEqual(reply.bytes, before)
  })
}

/** All that a layout says. */
const layoutOf = (layout: MessageLayout | undefined): unknown =>
  layout && {
    ...layout,
    records: Array.from({ length: layout.count }, (_, index) => [
      layout.ownerOffset(index),
      layout.ttlOffset(index),
      layout.rdataLength(index),
    ]),
  }

const nothings: readonly { rule: string; change: Change }[] = [
  { rule: 'no change', change: {} },
  { rule: 'all records kept', change: { keep: () => true } },
  { rule: 'the order that there is', change: { order: [0, 1, 2, 3, 4, 5] } },
  { rule: 'the TTL that there is', change: { ttl: 60 } },
  { rule: 'flags and rcode that there are', change: { flags: { rd: true, aa: false }, rcode: 0 } },
  { rule: 'the OPT that there is', change: { opt: optOf(replyTo(request, WHOLE)) } },
]

for (const { rule, change } of nothings) {
  test(`edit: ${rule}: the same reply`, () => {
    const reply = replyTo(request, WHOLE)
    assert.equal(edit(reply, change), reply)
  })
}

test('edit: no OPT where there is none, and silence: the same reply', () => {
  const reply = replyTo(request, { answer: [a(1)] })
  assert.equal(edit(reply, { opt: false }), reply)
  assert.deepEqual([SILENCE.layout.count, SILENCE.layout.optIndex], [0, -1])
  assert.equal(optOf(SILENCE).udpSize, 0)
  assert.equal(edit(SILENCE, { opt: { udpSize: 1232 }, rcode: 3, flags: { aa: true } }), SILENCE)
})

test('edit: what was handed back to the server stays so', () => {
  const { bytes } = replyTo(request, WHOLE)
  for (const change of [
    { ttl: 5 },
    { keep: (section: number) => section === 1 },
  ] satisfies Change[])
    assert.equal(edit(new Reply(bytes, undefined, false), change).isWritten, false)
})

const wrong: readonly { rule: string; order: readonly number[] }[] = [
  { rule: 'a record twice', order: [0, 1, 1, 3, 4, 5] },
  { rule: 'a record in another section', order: [0, 1, 3, 2, 4, 5] },
  { rule: 'a record left out', order: [0, 1, 2, 3, 4] },
  { rule: 'a record too many', order: [0, 1, 2, 3, 4, 5, 6] },
  { rule: 'a record that is none', order: [0, 1, 2, 3, 4, 9999] },
  { rule: 'a number below 0', order: [-1, 1, 2, 3, 4, 5] },
]

for (const { rule, order } of wrong) {
  test(`edit: order refuses ${rule}, and then takes a good one`, () => {
    const reply = replyTo(request, WHOLE)
    assert.throws(() => edit(reply, { order }), /^RangeError: order has not each record once/)
    assert.notEqual(edit(reply, { order: [0, 2, 1, 3, 4, 5] }), reply)
  })
}

test('edit: an OPT record in front of others is replaced behind them', () => {
  const source = replyTo(request, WHOLE)
  const writer = new MessageWriter()
  writer.compress = true
  writer.header(request.id, 0x8100)
  writer.question(request.question.wire, 1, 1)
  writer.opt({ udpSize: 700, options: EDE_OPTION })
  writer.copyRecord(2, source.bytes, source.layout, 4)
  writer.copyRecord(2, source.bytes, source.layout, 4)
  const reply = new Reply(writer.finish())
  const changed = edit(reply, { opt: { ...optOf(reply), udpSize: 800 } })
  assert.deepEqual(show(changed), {
    ...show(reply),
    edns: { udpSize: 800, do: false, version: 0, options: [EDE] },
  })
  assert.equal(changed.layout.optIndex, 2)
})

test('edit: what follows the last record goes with the first change', () => {
  const { bytes } = replyTo(request, WHOLE)
  const changed = edit(new Reply(Uint8Array.of(...bytes, 1, 2, 3)), { ttl: 60 })
  assert.deepEqual(changed.bytes, bytes)
})

/** A message that is nearly full, of records that do not compress. */
const full = (options: AnswerParts): Reply =>
  answer(request, {
    ...options,
    answers: Array.from({ length: 255 }, (_, n) => ({
      owner: request.question.wire,
      type: 65400,
      ttlSeconds: 60,
      rdata: new Uint8Array(Buffer.alloc(229, n)),
    })),
  })

test('edit: an OPT record that has no room among 65535 bytes puts records out, with TC', () => {
  const reply = full({})
  assert.equal(reply.bytes.length + 255 > 65535, true)
  const changed = edit(reply, { opt: { udpSize: 1232, options: new Uint8Array(600).fill(0) } })
  assert.ok(changed.bytes.length <= 65535)
  assert.equal(changed.layout.optCount, 1)
  assert.equal(show(edit(changed, { opt: false })).flags, 'qr tc rd')
  assert.ok(changed.layout.answerCount < 255)
})

test('edit: an OPT record that has no room with its options goes without them', () => {
  const reply = replyTo(request, WHOLE)
  const changed = edit(reply, { opt: { udpSize: 1232, options: new Uint8Array(65535) } })
  const edns = { udpSize: 1232, do: false, version: 0, options: [] }
  assert.deepEqual(show(changed), { ...show(reply), edns })
})

test('edit: a message that has no room in another order keeps its own, and takes the rest of the change', () => {
  const reply = full({})
  const backwards = Array.from({ length: 255 }, (_, n) => 254 - n)
  const changed = edit(reply, {
    order: backwards,
    opt: { udpSize: 1232, options: new Uint8Array(600).fill(0) },
  })
  assert.equal(changed.bytes[changed.layout.rdataOffset(0)], 0)
  assert.equal(changed.layout.optCount, 1)
})

/** The reply with a layout that counts how often it is asked. */
const counted = (reply: Reply): { reply: Reply; lookUps: () => number } => {
  let lookUps = 0
  const layout = new Proxy(reply.layout, {
    get(target, key) {
      const value: unknown = Reflect.get(target, key, target)
      if (typeof value !== 'function') return value
      return (...args: unknown[]) => {
        lookUps++
        return value.apply(target, args) as unknown
      }
    },
  })
  return { reply: new Reply(reply.bytes, layout as MessageLayout), lookUps: () => lookUps }
}

const sizes: readonly { addresses: number; owner: string; most: number }[] = [
  { addresses: 2, owner: 'www.example.org.', most: 16 },
  { addresses: 2, owner: `${'x'.repeat(60)}.${'y'.repeat(60)}.example.org.`, most: 16 },
  { addresses: 2000, owner: 'www.example.org.', most: 8 * 2000 },
]
for (const { addresses, owner, most } of sizes) {
  test(`edit: order: ${addresses} addresses of ${owner} take ${most} look-ups at most`, () => {
    const lines = Array.from(
      { length: addresses },
      (_, n) => `${owner} 60 IN A 10.0.${n >> 8}.${n & 255}`,
    )
    const { reply, lookUps } = counted(replyTo(query(owner), { answer: lines }))
    const backwards = Array.from(lines, (_, n) => addresses - 1 - n)
    const turned = edit(reply, { order: backwards })
    assert.ok(lookUps() <= most, `${lookUps()} look-ups`)
    const { layout, bytes } = turned
    assert.deepEqual(
      backwards.map(index => bytes[layout.rdataOffset(index) + 3]),
      lines.map((_, n) => n & 255),
    )
  })
}

const OWNERS = ['www.example.org.', 'WWW.example.org.', 'a.b.example.org.', 'example.net.', '.']
const RECORDS: readonly ((owner: string, other: string, n: number) => string)[] = [
  (owner, _other, n) => `${owner} ${n} IN A 192.0.2.${n}`,
  (owner, _other, n) => `${owner} ${n} IN AAAA 2001:db8::${n}`,
  (owner, other, n) => `${owner} ${n} IN CNAME ${other}`,
  (owner, other, n) => `${owner} ${n} IN MX ${n} ${other}`,
  (owner, other, n) => `${owner} ${n} IN SRV 0 0 ${n} ${other}`,
  (owner, _other, n) => `${owner} ${n} IN TXT "${'x'.repeat(n)}"`,
]

test('edit: property: records, order, TTLs and OPT are those of a model on text', () => {
  const draw = numbersFrom(17)
  const pick = <T>(list: readonly T[]): T => list[draw(list.length)] as T
  const line = (): string => pick(RECORDS)(pick(OWNERS), pick(OWNERS), 1 + draw(200))
  const capTo = (text: string, cap: number): string =>
    text.replace(/(?<= )\d+(?= IN)/, ttl => `${Math.min(Number(ttl), cap)}`)
  for (let n = 0; n < 3000; n++) {
    const sections = [0, 1, 2].map(() => Array.from({ length: draw(5) }, line))
    const [answers = [], authority = [], additional = []] = sections
    const all = sections.flat()
    const opt = pick([undefined, { udpSize: 1232, options: [EDE] }])
    const records = { answer: answers, authority, additional }
    const reply = replyTo(request, opt ? { ...records, opt } : records)
    const gone = new Set(all.keys().filter(() => draw(8) === 0))
    const places = sections.map((section, k) => {
      const start = sections.slice(0, k).flat().length
      const indexes = section.map((_, i) => start + i)
      return draw(2) === 0 ? indexes : indexes.reverse()
    })
    const cap = pick([50, 999])
    const newOpt = pick<OptParts | false | undefined>([undefined, false, { udpSize: 600 }])
    const changed = edit(reply, {
      keep: (_section, _type, index) => !gone.has(index),
      order: [...places.flat(), ...(opt ? [all.length] : [])],
      ttl: seconds => Math.min(seconds, cap),
      opt: newOpt,
    })
    const expected = places.map(indexes =>
      indexes.filter(index => !gone.has(index)).map(index => capTo(all[index] ?? '', cap)),
    )
    const shown = show(changed)
    assert.deepEqual([shown.answer, shown.authority, shown.additional], expected, `round ${n}`)
    assert.equal(shown.edns?.udpSize, newOpt === false ? undefined : (newOpt ?? opt)?.udpSize)
    assert.equal(shown.flags, 'qr rd')
    assert.deepEqual(layoutOf(changed.layout), layoutOf(readLayout(changed.bytes)))
  }
})
