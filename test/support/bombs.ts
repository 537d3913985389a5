// Replies that cost as much as their bytes can make them: each is well-formed and aims at one walk
// over names or records. All answer `q.bomb.test A`; most begin with such a record, so that they
// may be kept.

import * as rr from '../../src/wire/rrtypes.ts'
import {
  A,
  BOMB_NAME,
  BombWriter,
  type Bytes,
  PRIVATE_TYPE,
  pointer,
  QNAME_POINTER,
  type RecordParts,
  type Section,
  u16,
  wireOf,
  ZONE_POINTER,
} from './bomb-writer.ts'

export interface Bomb {
  readonly name: string
  readonly bytes: Uint8Array
  /** `kept`: answered, and again from the cache; `relayed`: answered; `refused`: SERVFAIL. */
  readonly fate: Fate
}

type Fate = 'kept' | 'relayed' | 'refused'

const address = (n: number): readonly number[] => [10, 0, ...u16(n)]
/** A label of its own for each n below 65,536. */
const label = (n: number): readonly number[] => [2, ...u16(n)]

const LONG_LABELS = `${'a'.repeat(63)}.${'b'.repeat(63)}.${'c'.repeat(63)}`
/** 255 bytes in four labels; four labels that leave room for one more; 255 bytes in 127 labels. */
const LONG = wireOf(`${LONG_LABELS}.${'d'.repeat(61)}`)
const LONG_TAIL = wireOf(`${LONG_LABELS}.${'d'.repeat(52)}`)
const DEEP = wireOf('a.'.repeat(127))

/** CNAMEs from the qname on, each name spelt anew; the last one leads to no record. */
const withChain = (writer: BombWriter, links: number): BombWriter => {
  let owner = QNAME_POINTER
  for (let n = 0; n < links; n++) {
    const target = [3, 99, ...u16(n), ...ZONE_POINTER]
    writer.record(0, { owner, type: rr.TYPE_CNAME, rdata: target })
    owner = target
  }
  return writer
}

const cnamesOfOneName = (): BombWriter => {
  const writer = new BombWriter(false)
  const owner = wireOf(`${'x.'.repeat(38)}bomb.test`)
  const first = writer.record(0, { owner, type: rr.TYPE_CNAME, rdata: QNAME_POINTER })
  writer.fill(0, () => ({ owner: pointer(first), type: rr.TYPE_CNAME, rdata: QNAME_POINTER }), 4580)
  return withChain(writer, 32)
}

const cnamesOfManyNames = (): BombWriter => {
  const writer = new BombWriter(false)
  const tail = writer.hidden(0, LONG_TAIL)
  writer.fill(
    0,
    n => ({ owner: [...label(n), ...pointer(tail)], type: rr.TYPE_CNAME, rdata: QNAME_POINTER }),
    3650,
  )
  return withChain(writer, 32)
}

const cnamesOfQname = (): BombWriter =>
  new BombWriter(false).fill(0, () => ({
    owner: QNAME_POINTER,
    type: rr.TYPE_CNAME,
    rdata: [1, 120, ...ZONE_POINTER],
  }))

/**
 * Owners that go through as many pointers, each behind such a label: `label` is empty or one of one
 * byte.
 */
const pointers = (hops: number, label: readonly number[], count: number): BombWriter => {
  const writer = new BombWriter()
  const start = writer.length + 11
  const rdata: number[] = [0]
  let target = start
  for (let k = 0; k < hops - 1; k++) {
    const at = start + rdata.length
    rdata.push(...label, ...pointer(target))
    target = at
  }
  writer.hidden(0, rdata)
  return writer.fill(
    0,
    n => ({ owner: pointer(target), type: rr.TYPE_A, rdata: address(n) }),
    count,
  )
}

type Rdata = (to: readonly number[], n: number) => Bytes

interface Shape {
  readonly section?: Section
  readonly most?: number
}

/** Records under one long name, with pointers to it in rdata. */
const under = (
  name: Uint8Array,
  type: number,
  rdata: Rdata,
  { section = 0, most }: Shape = {},
): BombWriter => {
  const writer = new BombWriter()
  const to = pointer(writer.hidden(section, name))
  return writer.fill(section, n => ({ owner: to, type, rdata: rdata(to, n) }), most)
}

/**
 * Records under names that share all but their first label, and pointers to others of them in
 * rdata.
 */
const distinct = (type: number, rdata: Rdata, { section = 0, most }: Shape = {}): BombWriter => {
  const writer = new BombWriter()
  const tail = pointer(writer.hidden(section, LONG_TAIL))
  const make = (n: number): RecordParts => ({
    owner: [...label(n), ...tail],
    type,
    rdata: rdata([...label(n + 9000), ...tail], n),
  })
  return writer.fill(section, make, most)
}

const FNV_PRIME = 0x01000193
const FNV_START = 0x811c9dc5 | 0

/**
 * Labels of eight bytes with one FNV-1a hash, read from the last byte to the first: found by
 * meeting in the middle.
 */
const collidingLabels = (count: number): Uint8Array[] => {
  const goal = 0x12345678
  let inverse = 1
  for (let k = 0; k < 5; k++) inverse = Math.imul(inverse, 2 - Math.imul(FNV_PRIME, inverse))
  const middles = new Map<number, number>()
  for (let end = 0; end < 1 << 19; end++) {
    let hash = FNV_START
    for (let k = 0; k < 4; k++) hash = Math.imul(hash ^ ((end >> (8 * k)) & 255), FNV_PRIME)
    middles.set(hash, end)
  }
  const found: Uint8Array[] = []
  for (let front = 0; found.length < count; front++) {
    let hash = Math.imul(goal, inverse) ^ 8
    for (let k = 0; k < 4; k++) hash = Math.imul(hash, inverse) ^ ((front >> (8 * k)) & 255)
    const end = middles.get(hash)
    if (end === undefined) continue
    const bytes = [0, 8, 16, 24].map(shift => (front >> shift) & 255)
    found.push(Uint8Array.of(8, ...bytes, ...[24, 16, 8, 0].map(shift => (end >> shift) & 255)))
  }
  return found
}

/**
 * Names of one hash that are equal but for their last label; all other owners point to the last of
 * them.
 */
const collisions = (): BombWriter => {
  const writer = new BombWriter()
  const front = wireOf('f.'.repeat(122)).subarray(0, -1)
  const owners = collidingLabels(20).map(tail => [...front, ...tail, 0])
  const places = owners.map(owner =>
    writer.record(0, { owner, type: rr.TYPE_CNAME, rdata: QNAME_POINTER }),
  )
  return writer.fill(
    0,
    n => ({ owner: pointer(places.at(-1) ?? 0), type: rr.TYPE_A, rdata: address(n) }),
    1900,
  )
}

const options = (code: number, size: number, count: number): BombWriter => {
  const rdata = new Uint8Array((4 + size) * count)
  for (let k = 0; k < count; k++) rdata.set([...u16(code), ...u16(size)], k * (4 + size))
  const writer = new BombWriter()
  writer.record(2, { owner: [0], type: rr.TYPE_OPT, rdata, class: 1232, ttl: 0 })
  return writer
}

const SIGNATURE = [0, rr.TYPE_A, 8, 2, 0, 0, 1, 44, 0x7f, 0xff, 0xff, 0xff, 0, 0, 0, 0, 0, 1]

const signatures = (): BombWriter => {
  const writer = distinct(rr.TYPE_RRSIG, to => [...SIGNATURE, ...to], { most: 1600 })
  writer.record(2, { owner: [0], type: rr.TYPE_OPT, rdata: [], class: 1232, ttl: 0x8000 })
  return writer
}

/**
 * SERVFAIL without a question: what some old servers answer, who would not send 2,000 names of 120
 * labels with it.
 */
const bareError = (): Uint8Array => {
  const question = wireOf(BOMB_NAME).length + 4
  const whole = under(wireOf('a.'.repeat(120)), PRIVATE_TYPE, () => [], {
    section: 2,
    most: 2000,
  }).finish()
  const bytes = Uint8Array.from([...whole.subarray(0, 12), ...whole.subarray(12 + question + 16)])
  bytes.set([0x81, 0x82, 0, 0, 0, 0], 2)
  // The name stands nearer to the front by what is missing.
  const moved = pointer(12 + 11)
  for (let at = 12 + 11 + 241; at < bytes.length; at += 12) bytes.set(moved, at)
  return bytes
}

/** All of one type under the qname. */
const ofQname = (type: number, rdata: (n: number) => Bytes, most?: number): BombWriter =>
  new BombWriter().fill(0, n => ({ owner: QNAME_POINTER, type, rdata: rdata(n) }), most)

const twice: Rdata = to => [...to, ...to]

const WRITERS: readonly (readonly [name: string, make: () => BombWriter, fate?: Fate])[] = [
  ['CNAMEs of one name of 40 labels, then a chain of 32', cnamesOfOneName, 'relayed'],
  ['CNAMEs of 3,650 names of 253 bytes, then a chain of 32', cnamesOfManyNames, 'relayed'],
  ['CNAMEs of the qname, their target spelt anew', cnamesOfQname, 'relayed'],
  ['owners behind 126 pointers', () => pointers(126, [], 510)],
  ['owners behind 126 pointers, over the budget', () => pointers(126, [], 521), 'refused'],
  ['owners behind 8 pointers', () => pointers(8, [], 4000)],
  ['owners of 125 labels, a pointer behind each', () => pointers(126, [1, 97], 400)],
  ['addresses of a name of 255 bytes', () => under(LONG, rr.TYPE_A, (_, n) => address(n))],
  [
    'addresses of a name of 127 labels',
    () => under(DEEP, rr.TYPE_A, (_, n) => address(n), { most: 1980 }),
  ],
  ['MINFO of three names of 255 bytes', () => under(LONG, rr.TYPE_MINFO, twice)],
  ['the same in additional', () => under(LONG, rr.TYPE_MINFO, twice, { section: 2 })],
  ['the same, OPT inside', () => under(LONG, rr.TYPE_MINFO, twice, { most: 4000 }).optInside()],
  [
    'MINFO, names of a label of their own, OPT inside',
    () => distinct(rr.TYPE_MINFO, twice, { most: 2300 }).optInside(),
  ],
  ['RP of three names of 255 bytes', () => under(LONG, rr.TYPE_RP, twice, { most: 200 })],
  [
    'PTR to a name of 127 labels, OPT inside',
    () => under(DEEP, rr.TYPE_PTR, to => to, { most: 980 }).optInside(),
  ],
  ['MX of a name of 255 bytes', () => under(LONG, rr.TYPE_MX, (to, n) => [...u16(n), ...to])],
  ['MX, names of a label of their own', () => distinct(rr.TYPE_MX, (to, n) => [...u16(n), ...to])],
  ['CNAMEs, names of a label of their own', () => distinct(rr.TYPE_CNAME, to => to)],
  ['addresses, owners of a label of their own', () => distinct(rr.TYPE_A, (_, n) => address(n))],
  ['addresses of the qname, 4,000', () => ofQname(rr.TYPE_A, address, 4000)],
  [
    'addresses of 4,300 unrelated names',
    () => new BombWriter().fill(0, n => ({ owner: [...label(n), 0], type: rr.TYPE_A, rdata: A })),
  ],
  ['names whose hashes collide', collisions],
  ['names whose hashes collide, OPT inside', () => collisions().optInside(), 'relayed'],
  ['RRSIGs of many names', signatures],
  ['a TXT of 65,000 strings', () => ofQname(rr.TYPE_TXT, () => new Uint8Array(65_000))],
  ['5,000 TXT of one string', () => ofQname(rr.TYPE_TXT, () => [0])],
  ['NSEC with a bitmap of 65,000 bytes', () => ofQname(rr.TYPE_NSEC, () => new Uint8Array(65_000))],
  ['SVCB with 16,000 parameters', () => ofQname(rr.TYPE_SVCB, () => new Uint8Array(64_003))],
  ['an OPT with 100 errors', () => options(15, 640, 100)],
  ['an OPT with 16,000 options', () => options(65_001, 0, 16_000)],
  [
    '5,900 OPT records',
    () => new BombWriter().fill(2, () => ({ owner: [0], type: rr.TYPE_OPT, rdata: [] })),
  ],
  [
    '5,900 records of the root',
    () => new BombWriter().fill(0, () => ({ owner: [0], type: PRIVATE_TYPE, rdata: [] })),
  ],
]

/** Made when asked for: some take a moment. */
export const bombs = (): Bomb[] => [
  ...WRITERS.map(([name, make, fate = 'kept']) => ({ name, bytes: make().finish(), fate })),
  { name: 'an error without a question', bytes: bareError(), fate: 'kept' },
]

/**
 * Owners that lead into the TTL of the first record. As the message comes, the root stands there;
 * with another TTL a label, and behind it a pointer back to it.
 */
export const throughTtl = (): Uint8Array => {
  const writer = new BombWriter(false)
  const ttl = writer.length + 9
  writer.record(0, { owner: QNAME_POINTER, type: rr.TYPE_A, rdata: [192, 0, 2, 0xc0], ttl: 0 })
  writer.record(0, { owner: [ttl, ...new Uint8Array(ttl).fill(97), 0], type: rr.TYPE_A, rdata: A })
  return writer
    .fill(0, n => ({ owner: pointer(ttl), type: rr.TYPE_A, rdata: address(n) }), 100)
    .finish()
}
