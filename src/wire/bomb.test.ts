// Decompression and compression bombs: cost is bounded by counting, so nothing here looks at a
// clock.

import assert from 'node:assert/strict'
import test from 'node:test'
import { bytesOf, fields, message, u16, wire } from '../../test/fakes/raw-message.ts'
import { CompressionTargets, hashLabel, MAX_TARGETS, ROOT } from './compression.ts'
import { LABEL_BUDGET, readLayout } from './layout.ts'
import { MAX_NAME_HOPS } from './name.ts'
import { MessageWriter } from './writer.ts'

const A = [192, 0, 2, 1]

/**
 * A message whose first record's rdata holds a chain of `hops` pointers, and `count` records more
 * whose owners go through all of it.
 */
const chainBomb = (hops: number, count: number): Uint8Array => {
  const start = 12 + 11
  const chain: number[] = [0]
  for (let k = 0, target = start; k < hops - 1; k++) {
    chain.push(...u16(0xc000 | target))
    target = start + chain.length - 2
  }
  const entry = u16(0xc000 | (start + chain.length - 2))
  const record = bytesOf(entry, fields(1, A))
  const records = new Uint8Array(count * record.length)
  for (let k = 0; k < count; k++) records.set(record, k * record.length)
  return message({ an: count + 1 }, '00', fields(65280, chain), records)
}

const HOPS_IN_BUDGET = LABEL_BUDGET / 4

test('readLayout: follows at most 65,536 pointers in a message', () =>
  assert.equal(HOPS_IN_BUDGET, 65_536))

const chains: readonly { name: string; bytes: Uint8Array; isRead: boolean }[] = [
  {
    name: 'owners within the budget',
    bytes: chainBomb(126, Math.floor(HOPS_IN_BUDGET / 126)),
    isRead: true,
  },
  {
    name: 'one owner over the budget',
    bytes: chainBomb(126, Math.floor(HOPS_IN_BUDGET / 126) + 1),
    isRead: false,
  },
  { name: '4,000 owners on a chain of 126', bytes: chainBomb(126, 4000), isRead: false },
  { name: '60 owners on a chain of 126, 1,232 bytes', bytes: chainBomb(126, 60), isRead: true },
  { name: 'an owner on a chain of 127', bytes: chainBomb(127, 1), isRead: false },
  { name: '4,000 owners on a chain of 8', bytes: chainBomb(8, 4000), isRead: true },
]
for (const c of chains) {
  test(`readLayout: ${c.name} (${c.bytes.length} bytes) are ${c.isRead ? 'read' : 'refused'}`, () => {
    assert.ok(c.bytes.length <= 65535)
    assert.equal(readLayout(c.bytes) !== undefined, c.isRead)
  })
}

test('readLayout: labels count too: 5,000 pointers to a name of 127 labels are refused', () => {
  const long = wire('a.'.repeat(127))
  const pointer = bytesOf('c00c', fields(65280, []))
  const many = new Uint8Array(5000 * pointer.length)
  for (let k = 0; k < 5000; k++) many.set(pointer, k * pointer.length)
  assert.equal(readLayout(message({ qd: 1, an: 5000 }, long, '00010001', many)), undefined)
})

test('readLayout: a full message of PTR records under ip6.arpa is within the budget', () => {
  const zone = wire(`${'0.'.repeat(31)}ip6.arpa`)
  const count = 3000
  const chunks: Uint8Array[] = []
  for (let k = 0; k < count; k++)
    chunks.push(bytesOf([1, 0x30 + (k % 10)], 'c00c', fields(12, [1, 0x61, 0xc0, 12])))
  const bytes = message({ qd: 1, an: count }, zone, '000c0001', ...chunks)
  assert.ok(bytes.length > 50_000 && bytes.length <= 65535)
  const layout = readLayout(bytes)
  assert.equal(
    layout?.uncompressedLength,
    12 + zone.length + 4 + count * (2 * (zone.length + 2) + 10),
  )
})

test('MessageWriter: 4,000 unrelated names make no more than the allowed targets, and all stay readable', () => {
  const writer = new MessageWriter()
  writer.compress = true
  let count = 0
  for (; count < 4000; count++)
    if (!writer.record(0, wire(`n${count}`), 65280, 1, 60, new Uint8Array(0))) break
  assert.ok(count > MAX_TARGETS)
  assert.equal(readLayout(writer.finish())?.count, count)
})

test('CompressionTargets: keeps no more than MAX_TARGETS names', () => {
  const targets = new CompressionTargets()
  const bytes = new Uint8Array(0x4000)
  const names = Array.from({ length: MAX_TARGETS + 200 }, (_, k) => wire(k.toString(36)))
  const hashes = names.map(name => hashLabel(name, 0, ROOT))
  for (const [k, name] of names.entries()) {
    bytes.set(name, 12 + 5 * k)
    targets.add(hashes[k]!, ROOT, 12 + 5 * k)
  }
  const found = names.filter(
    (name, k) => targets.find(hashes[k]!, ROOT, bytes, name, 0) === 12 + 5 * k,
  ).length
  assert.ok(found <= MAX_TARGETS, `${found} found`)
  assert.ok(found > MAX_TARGETS * 0.9, `${found} found`)
})

test('CompressionTargets: labels of one hash are found up to a bounded number of probes', () => {
  const targets = new CompressionTargets()
  const bytes = new Uint8Array(0x4000)
  const names = Array.from({ length: 40 }, (_, k) => wire(`x${k}`))
  const offsets = names.map((name, k) => {
    bytes.set(name, 12 + 5 * k)
    targets.add(7, ROOT, 12 + 5 * k)
    return 12 + 5 * k
  })
  const found = names.map(name => targets.find(7, ROOT, bytes, name, 0))
  assert.deepEqual(found, [...offsets.slice(0, 16), ...new Array<number>(24).fill(ROOT)])
})

test('CompressionTargets: a label under another parent is another name, and what is forgotten is free', () => {
  const targets = new CompressionTargets()
  const bytes = bytesOf('00'.repeat(12), wire('a'))
  assert.equal(targets.add(7, 40, 12), true)
  assert.deepEqual(
    [targets.find(7, 40, bytes, bytes, 12), targets.find(7, ROOT, bytes, bytes, 12)],
    [12, ROOT],
  )
  targets.forget(13)
  assert.equal(targets.find(7, 40, bytes, bytes, 12), 12)
  targets.forget(12)
  assert.equal(targets.find(7, 40, bytes, bytes, 12), ROOT)
})

test('readLayout: MAX_NAME_HOPS is what miekg/dns allows', () => assert.equal(MAX_NAME_HOPS, 126))
