import assert from 'node:assert/strict'
import test from 'node:test'
import { bytesOf, fields, message, QUESTION, u16, wire } from '../../test/fakes/raw-message.ts'
import { readLayout } from './layout.ts'

const A = [192, 0, 2, 1]
const OPT = bytesOf([0], u16(41), u16(1232), [0, 0, 0x80, 0], u16(0))

test('readLayout: says where each field of each record lies', () => {
  const bytes = message(
    { qd: 1, an: 1, ns: 1, ar: 2 },
    QUESTION,
    'c00c',
    fields(1, A),
    wire('org'),
    fields(2, [0xc0, 12]),
    OPT,
    '00',
    fields(99, [0]),
    '99',
  )
  const layout = readLayout(bytes)
  assert.ok(layout)
  assert.deepEqual([layout.questionEnd, layout.end, layout.count], [29, bytes.length - 1, 4])
  assert.deepEqual([layout.answerCount, layout.authorityCount, layout.additionalCount], [1, 1, 2])
  assert.deepEqual([layout.optIndex, layout.optCount], [2, 1])
  assert.deepEqual(
    [0, 1, 2, 3].map(i => [
      layout.sectionOf(i),
      layout.type(i),
      layout.class(i),
      layout.ttl(i),
      layout.rdataLength(i),
    ]),
    [
      [0, 1, 1, 300, 4],
      [1, 2, 1, 300, 2],
      [2, 41, 1232, 0x8000, 0],
      [2, 99, 1, 300, 1],
    ],
  )
  assert.deepEqual(
    [layout.ownerOffset(0), layout.ttlOffset(0), layout.rdataOffset(0)],
    [29, 35, 41],
  )
  assert.deepEqual(
    [layout.ownerOffset(1), layout.ttlOffset(1), layout.rdataOffset(1)],
    [45, 54, 60],
  )
  assert.equal(layout.uncompressedLength, 29 + (13 + 14) + (5 + 10 + 13) + 11 + (11 + 1))
})

test('readLayout: a TTL of 2^32 - 1 is not negative, and values follow the bytes', () => {
  const bytes = message({ an: 1 }, '00', u16(1), u16(1), 'ffffffff', u16(4), A)
  const layout = readLayout(bytes)
  assert.equal(layout?.ttl(0), 0xffffffff)
  bytes.fill(0, layout.ttlOffset(0), layout.ttlOffset(0) + 4)
  assert.equal(layout.ttl(0), 0)
})

const SOA_TAIL = '00'.repeat(20)
/**
 * Compressed rdata behind `org` at 12, and what it comes to once expanded. `c00c` is org, 5 bytes.
 */
const shapes: readonly { name: string; type: number; rdata: string; expanded: number }[] = [
  { name: 'A', type: 1, rdata: 'c0000201', expanded: 4 },
  { name: 'NS', type: 2, rdata: 'c00c', expanded: 5 },
  { name: 'CNAME', type: 5, rdata: '0161c00c', expanded: 7 },
  { name: 'SOA', type: 6, rdata: `c00cc00c${SOA_TAIL}`, expanded: 30 },
  { name: 'NULL', type: 10, rdata: 'c00c', expanded: 2 },
  { name: 'PTR', type: 12, rdata: 'c00c', expanded: 5 },
  { name: 'HINFO', type: 13, rdata: '01610162', expanded: 4 },
  { name: 'MINFO', type: 14, rdata: 'c00cc00c', expanded: 10 },
  { name: 'MX', type: 15, rdata: '000ac00c', expanded: 7 },
  { name: 'TXT', type: 16, rdata: '0002c00c', expanded: 4 },
  { name: 'RP', type: 17, rdata: 'c00cc00c', expanded: 10 },
  { name: 'AFSDB', type: 18, rdata: '0001c00c', expanded: 7 },
  { name: 'AAAA', type: 28, rdata: '00'.repeat(16), expanded: 16 },
  { name: 'SRV', type: 33, rdata: '000000000035c00c', expanded: 11 },
  { name: 'NAPTR', type: 35, rdata: '0000000001750000c00c', expanded: 13 },
  { name: 'KX', type: 36, rdata: '0001c00c', expanded: 7 },
  { name: 'DNAME', type: 39, rdata: 'c00c', expanded: 5 },
  { name: 'RRSIG', type: 46, rdata: `${'00'.repeat(18)}c00cffff`, expanded: 25 },
  { name: 'NSEC', type: 47, rdata: 'c00c000140', expanded: 8 },
  { name: 'SVCB', type: 64, rdata: '0001c00c00010000', expanded: 11 },
  { name: 'HTTPS', type: 65, rdata: '0000c00c', expanded: 7 },
  { name: 'an unknown type', type: 65280, rdata: 'c00c', expanded: 2 },
  { name: 'DS', type: 43, rdata: 'c00c0d02', expanded: 4 },
]
for (const c of shapes) {
  const record = (rdata: string) =>
    message(
      { qd: 1, an: 1 },
      wire('org'),
      u16(c.type),
      u16(1),
      'c00c',
      fields(c.type, Uint8Array.fromHex(rdata)),
    )
  test(`uncompressedLength: ${c.name} comes to ${c.expanded} bytes of rdata`, () => {
    assert.equal(readLayout(record(c.rdata))?.uncompressedLength, 21 + 15 + c.expanded)
  })
  test(`readLayout: ${c.name} without rdata is taken`, () =>
    assert.equal(readLayout(record(''))?.rdataLength(0), 0))
  const isRaw = [10, 43, 65280].includes(c.type)
  const isCuttable = isRaw || [46, 47, 64].includes(c.type)
  test(`readLayout: ${c.name} with a byte less of rdata is ${isCuttable ? 'taken' : 'refused'}`, () => {
    assert.equal(readLayout(record(c.rdata.slice(0, -2))) !== undefined, isCuttable)
  })
  const isOpen = isRaw || [16, 46, 47, 64, 65].includes(c.type)
  test(`readLayout: ${c.name} with a byte more of rdata is ${isOpen ? 'taken' : 'refused'}`, () => {
    assert.equal(readLayout(record(`${c.rdata}00`)) !== undefined, isOpen)
  })
}

const refused: readonly { name: string; bytes: Uint8Array }[] = [
  { name: 'no bytes', bytes: new Uint8Array(0) },
  { name: '11 bytes', bytes: message({}).slice(0, 11) },
  { name: 'two questions', bytes: message({ qd: 2 }, QUESTION, QUESTION) },
  { name: 'a question cut in its class', bytes: message({ qd: 1 }, QUESTION).slice(0, -1) },
  { name: 'a question with a pointer', bytes: message({ qd: 1 }, 'c00c', '00010001') },
  {
    name: 'a count larger than the records',
    bytes: message({ qd: 1, an: 2 }, QUESTION, 'c00c', fields(1, A)),
  },
  {
    name: 'counts of 65535',
    bytes: message({ qd: 1, an: 65535, ns: 65535, ar: 65535 }, QUESTION, '00'.repeat(999)),
  },
  { name: 'an owner that is malformed', bytes: message({ an: 1 }, '80', fields(1, A)) },
  { name: 'an owner that points to itself', bytes: message({ an: 1 }, 'c00c', fields(1, A)) },
  {
    name: 'an owner that points forward',
    bytes: message({ an: 2 }, 'c01c', fields(1, A), '00', fields(1, A)),
  },
  { name: 'an owner that points into the header', bytes: message({ an: 1 }, 'c004', fields(1, A)) },
  {
    name: 'rdata beyond the message',
    bytes: message({ an: 1 }, '00', u16(1), u16(1), '00000000', u16(5), A),
  },
  { name: 'an A record of 3 bytes', bytes: message({ an: 1 }, '00', fields(1, [1, 2, 3])) },
  {
    name: 'a name that runs out of its rdata',
    bytes: message({ an: 1 }, '00', fields(2, [3, 0x61]), '620000'),
  },
  { name: 'a pointer in rdata to itself', bytes: message({ an: 1 }, '00', fields(5, [0xc0, 23])) },
  {
    name: 'a string that runs out of its rdata',
    bytes: message({ an: 1 }, '00', fields(16, [3, 0x61])),
  },
  { name: 'more than 65535 bytes', bytes: message({ qd: 1 }, QUESTION, new Uint8Array(65535)) },
]
for (const c of refused)
  test(`readLayout: refuses ${c.name}`, () => assert.equal(readLayout(c.bytes), undefined))

test('readLayout: refuses a message of records cut anywhere', () => {
  const bytes = message(
    { qd: 1, an: 1, ar: 1 },
    QUESTION,
    'c00c',
    fields(15, [0, 1, 0xc0, 12]),
    OPT,
  )
  assert.ok(readLayout(bytes))
  for (let size = 0; size < bytes.length; size++) {
    if (size !== 12) assert.equal(readLayout(bytes.slice(0, size)), undefined, `cut to ${size}`)
  }
})

test('readLayout: a header alone is a message without question and records, whatever its counts', () => {
  const layout = readLayout(message({ qd: 1, an: 3, ns: 1, ar: 1 }))
  assert.ok(layout)
  assert.deepEqual(
    [layout.questionEnd, layout.count, layout.answerCount, layout.additionalCount, layout.end],
    [12, 0, 0, 0, 12],
  )
  assert.equal(layout.uncompressedLength, 12)
})

test('readLayout: a message without question but with records is read', () => {
  assert.equal(readLayout(message({ an: 1 }, '00', fields(1, A)))?.questionEnd, 12)
})

test('readLayout: OPT is found in any section, and counted', () => {
  const layout = readLayout(message({ an: 1, ns: 1, ar: 1 }, '00', fields(1, A), OPT, OPT))
  assert.deepEqual([layout?.optIndex, layout?.optCount], [1, 2])
})
