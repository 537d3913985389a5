import assert from 'node:assert/strict'
import test from 'node:test'
import { bytesOf, fields, message, QUESTION, u16, wire } from '../../test/fakes/raw-message.ts'
import { readEdns } from './edns.ts'
import { getArcount, getFlags, getId } from './header.ts'
import { readLayout } from './layout.ts'
import { optSize } from './opt-record.ts'
import { rdataMx, rdataSoa, rdataSrv } from './rdata.ts'
import { MessageWriter } from './writer.ts'

const A = Uint8Array.of(192, 0, 2, 1)
const ORG = wire('example.org')

const writer = (options: { compress?: boolean; limit?: number } = {}): MessageWriter => {
  const made = new MessageWriter(options.limit)
  made.compress = options.compress ?? false
  made.header(0x1234, 0x8180)
  assert.equal(made.question(ORG, 1, 1), true)
  return made
}

/** The message with all names written out; sections are kept. */
const expanded = (bytes: Uint8Array): Uint8Array => {
  const layout = readLayout(bytes)
  assert.ok(layout, 'the message is well-formed')
  const out = writer()
  for (let i = 0; i < layout.count; i++)
    assert.equal(out.copyRecord(layout.sectionOf(i), bytes, layout, i), true)
  return out.finish()
}

test('MessageWriter: header, question and records without compression', () => {
  const out = writer()
  out.record(0, ORG, 1, 1, 300, A)
  out.record(1, wire('org'), 2, 1, 300, ORG)
  out.record(2, wire('.'), 16, 1, 300, Uint8Array.of(0))
  assert.deepEqual(
    out.finish(),
    message(
      { qd: 1, an: 1, ns: 1, ar: 1 },
      QUESTION,
      ORG,
      fields(1, A),
      wire('org'),
      fields(2, ORG),
      '00',
      fields(16, [0]),
    ),
  )
})

test('MessageWriter: a message without question and records is a header', () => {
  const out = new MessageWriter()
  out.header(1, 0x8005)
  assert.equal(out.finish().toHex(), '000180050000000000000000')
})

test('MessageWriter: header may be set again at the end', () => {
  const out = writer()
  out.header(7, 0x8200)
  const bytes = out.finish()
  assert.deepEqual([getId(bytes, 0), getFlags(bytes, 0)], [7, 0x8200])
})

const SOA = {
  mname: wire('ns.example.org'),
  rname: wire('ns.example.org'),
  serial: 1,
  refreshSeconds: 2,
  retrySeconds: 3,
  expireSeconds: 4,
  minimumSeconds: 5,
}
const NUMBERS = '0000000100000002000000030000000400000005'
const compressed: readonly {
  name: string
  owner: string
  type: number
  rdata: Uint8Array
  hex: string
}[] = [
  { name: 'an owner that is the qname', owner: 'example.org', type: 1, rdata: A, hex: 'c00c 0001' },
  {
    name: 'an owner below the qname',
    owner: 'a.example.org',
    type: 1,
    rdata: A,
    hex: '0161c00c 0001',
  },
  { name: 'an owner that shares the end', owner: 'a.org', type: 1, rdata: A, hex: '0161c014 0001' },
  {
    name: 'an owner of another case is written out',
    owner: 'EXAMPLE.org',
    type: 1,
    rdata: A,
    hex: '074558414d504c45c014 0001',
  },
  { name: 'a root owner', owner: '.', type: 1, rdata: A, hex: '00 0001' },
  { name: 'an unrelated owner', owner: 'com', type: 1, rdata: A, hex: '03636f6d00 0001' },
  {
    name: 'CNAME',
    owner: 'example.org',
    type: 5,
    rdata: wire('b.example.org'),
    hex: 'c00c 0005 0162c00c',
  },
  {
    name: 'MX',
    owner: 'example.org',
    type: 15,
    rdata: rdataMx(1, wire('example.org')),
    hex: 'c00c 000f 0001c00c',
  },
  {
    name: 'SOA, second name by the first',
    owner: 'org',
    type: 6,
    rdata: rdataSoa(SOA),
    hex: `c014 0006 026e73c00cc029${NUMBERS}`,
  },
  {
    name: 'SRV targets are not compressed',
    owner: 'org',
    type: 33,
    rdata: rdataSrv(0, 0, 1, wire('org')),
    hex: 'c014 0021 000000000001036f726700',
  },
  {
    name: 'DNAME targets are not compressed',
    owner: 'org',
    type: 39,
    rdata: wire('org'),
    hex: 'c014 0027 036f726700',
  },
  {
    name: 'unknown types pass byte for byte',
    owner: 'org',
    type: 65280,
    rdata: ORG,
    hex: 'c014 ff00 076578616d706c65036f726700',
  },
  { name: 'empty rdata', owner: 'org', type: 5, rdata: new Uint8Array(0), hex: 'c014 0005' },
  {
    name: 'rdata out of shape is written as it is',
    owner: 'org',
    type: 5,
    rdata: Uint8Array.of(9, 9),
    hex: 'c014 0005 0909',
  },
  {
    name: 'rdata with a pointer is written as it is',
    owner: 'org',
    type: 5,
    rdata: Uint8Array.of(0xc0, 12),
    hex: 'c014 0005 c00c',
  },
]
for (const c of compressed) {
  const [owner = '', type = '', rdata = c.type === 1 ? A.toHex() : ''] = c.hex.split(' ')
  const record = bytesOf(owner, type, '00010000012c', u16(rdata.length / 2), rdata)
  test(`MessageWriter, compressing: ${c.name}`, () => {
    const out = writer({ compress: true })
    assert.equal(out.record(0, wire(c.owner), c.type, 1, 300, c.rdata), true)
    assert.deepEqual(out.finish(), message({ qd: 1, an: 1 }, QUESTION, record))
  })
}

test('MessageWriter, compressing: names of SRV rdata are targets for others', () => {
  const out = writer({ compress: true })
  out.record(0, ORG, 33, 1, 300, rdataSrv(0, 0, 1, wire('host.example.com')))
  out.record(2, wire('host.example.com'), 1, 1, 300, A)
  const bytes = out.finish()
  assert.ok(bytes.toHex().endsWith(`c02f${fields(1, A).toHex()}`))
  assert.equal(expanded(bytes).length, readLayout(bytes)?.uncompressedLength)
})

test('MessageWriter, compressing: no pointer leads to an offset over 16383', () => {
  const out = writer({ compress: true })
  for (let k = 0; k < 4; k++)
    assert.equal(out.record(0, wire('.'), 65280, 1, 0, new Uint8Array(4085)), true)
  assert.ok(out.length > 0x3fff)
  const start = out.length
  for (let k = 0; k < 2; k++) assert.equal(out.record(0, wire('far.example.com'), 1, 1, 0, A), true)
  assert.equal(out.length, start + 2 * (17 + 14))
  out.record(0, wire('a.example.org'), 1, 1, 0, A)
  assert.equal(out.length, start + 2 * (17 + 14) + 4 + 14)
  assert.ok(readLayout(out.finish()))
})

test('MessageWriter, compressing: what a record that did not fit held is no trap for those that follow', () => {
  const out = writer({ compress: true, limit: 130 })
  assert.equal(out.record(0, wire('lost.example.com'), 65280, 1, 0, new Uint8Array(100)), false)
  assert.equal(out.record(0, wire('x.example.com'), 1, 1, 0, A), true)
  assert.equal(out.record(0, wire('lost.example.com'), 1, 1, 0, A), true)
  const bytes = out.finish()
  const plain = message(
    { qd: 1, an: 2 },
    QUESTION,
    wire('x.example.com'),
    fields(1, A),
    wire('lost.example.com'),
    fields(1, A),
  )
  const layout = readLayout(bytes)
  assert.ok(layout)
  const copy = writer()
  for (let i = 0; i < 2; i++) copy.copyRecord(0, bytes, layout, i, 300)
  assert.deepEqual(copy.finish(), plain)
})

test('MessageWriter: a record that does not fit leaves no trace', () => {
  const size = 29 + 13 + 14
  for (const limit of [size - 1, size]) {
    const out = writer({ limit })
    assert.equal(out.record(0, ORG, 1, 1, 300, A), limit === size)
    assert.equal(out.length, limit === size ? size : 29)
    assert.equal(readLayout(out.finish())?.count, limit === size ? 1 : 0)
  }
})

test('MessageWriter: a question that does not fit is left out', () => {
  const out = new MessageWriter(20)
  assert.equal(out.question(ORG, 1, 1), false)
  assert.equal(out.finish().length, 12)
})

test('MessageWriter: reserved room is kept from records and given to OPT', () => {
  const options = Uint8Array.fromHex('000300016e')
  const out = writer({ limit: 29 + 27 + optSize(5) })
  out.reserve(optSize(5))
  assert.equal(out.record(0, ORG, 1, 1, 300, A), true)
  assert.equal(out.record(0, wire('.'), 65280, 1, 0, new Uint8Array(0)), false)
  assert.equal(
    out.opt({ udpSize: 1232, flags: 0x8000, extendedRcode: 0xff, version: 1, options }),
    true,
  )
  const bytes = out.finish()
  assert.equal(bytes.length, 29 + 27 + optSize(5))
  const layout = readLayout(bytes)
  assert.ok(layout)
  assert.deepEqual(readEdns(bytes, layout), {
    offset: 56,
    udpSize: 1232,
    version: 1,
    do: true,
    extendedRcode: 0xff,
    flags: 0x8000,
    optionsOffset: 67,
    optionsLength: 5,
  })
})

test('MessageWriter: an OPT that does not fit is left out', () => {
  const out = writer({ limit: 29 + 10 })
  assert.equal(out.opt({ udpSize: 512 }), false)
  assert.equal(getArcount(out.finish(), 0), 0)
})

test('MessageWriter: grows to 65535 bytes and no further', () => {
  const out = new MessageWriter(100_000)
  assert.equal(out.record(0, wire('.'), 65280, 1, 0, new Uint8Array(65535 - 12 - 11 + 1)), false)
  assert.equal(out.record(0, wire('.'), 65280, 1, 0, new Uint8Array(65535 - 12 - 11)), true)
  assert.equal(out.finish().length, 65535)
})

test('MessageWriter: defects of the caller are thrown', () => {
  const out = writer()
  assert.throws(() => out.question(ORG, 1, 1), new RangeError('the question comes first, and once'))
  assert.throws(
    () => out.record(0, Uint8Array.of(3, 1), 1, 1, 0, A),
    new RangeError('a name is malformed'),
  )
  assert.throws(
    () => out.record(0, Uint8Array.of(0xc0, 0), 1, 1, 0, A),
    new RangeError('a name is malformed'),
  )
  out.record(1, ORG, 1, 1, 0, A)
  assert.throws(() => out.record(0, ORG, 1, 1, 0, A), new RangeError('section 0 after section 1'))
})

const source = message(
  { qd: 1, an: 2, ns: 1, ar: 1 },
  QUESTION,
  'c00c',
  fields(33, bytesOf('000100020003', '0161c00c')),
  '0462617365c014',
  fields(65280, [0xc0, 12]),
  'c00c',
  fields(46, bytesOf('00'.repeat(18), 'c014', 'c00c')),
  bytesOf([0], u16(41), u16(4096), '00008000', u16(4), '00030000'),
)

test('copyRecord: resolves pointers in owners and known rdata, and leaves all else as it is', () => {
  assert.deepEqual(
    expanded(source),
    message(
      { qd: 1, an: 2, ns: 1, ar: 1 },
      QUESTION,
      ORG,
      fields(33, bytesOf('000100020003', wire('a.example.org'))),
      wire('base.org'),
      fields(65280, [0xc0, 12]),
      ORG,
      fields(46, bytesOf('00'.repeat(18), wire('org'), 'c00c')),
      bytesOf([0], u16(41), u16(4096), '00008000', u16(4), '00030000'),
    ),
  )
  assert.equal(expanded(source).length, readLayout(source)?.uncompressedLength)
})

test('copyRecord: compresses owners again, and SRV targets not', () => {
  const layout = readLayout(source)
  assert.ok(layout)
  const out = writer({ compress: true })
  assert.equal(out.copyRecord(0, source, layout, 0, 7), true)
  const record = bytesOf(
    'c00c',
    u16(33),
    u16(1),
    '00000007',
    u16(21),
    '000100020003',
    wire('a.example.org'),
  )
  assert.deepEqual(out.finish(), message({ qd: 1, an: 1 }, QUESTION, record))
})

test('copyRecord: a record that does not fit is left out whole', () => {
  const layout = readLayout(source)
  assert.ok(layout)
  for (const limit of [30, 42, 51, 52, 60, 71]) {
    const out = writer({ limit })
    assert.equal(out.copyRecord(0, source, layout, 0), false)
    assert.equal(out.length, 29)
  }
})

test('copyRecord: a source changed behind its layout is refused, not trusted', () => {
  const changed = source.slice()
  const layout = readLayout(changed)
  assert.ok(layout)
  changed.fill(0xff, 12)
  const out = writer()
  for (let i = 0; i < layout.count; i++) assert.equal(out.copyRecord(2, changed, layout, i), false)
  assert.equal(out.length, 29)
})
