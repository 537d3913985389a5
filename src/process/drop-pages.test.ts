import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { openMemoryCalls } from '../net/mmsg/libc.ts'
import { pageDropper } from './drop-pages.ts'

const PAGE = 4096
const BASE = 0x10_0000n

/** What the system is asked, of memory that begins `offset` bytes behind the begin of a page. */
const asked = (offset: number, length: number): (readonly [number, number])[] => {
  const spans: (readonly [number, number])[] = []
  const drop = pageDropper({
    malloc_trim: () => 0,
    madvise: (address, bytes) => {
      spans.push([Number(address - BASE), Number(bytes)])
      return 0
    },
    getpagesize: () => PAGE,
    addressOf: () => BASE + BigInt(offset),
  })
  drop(new Uint8Array(length))
  return spans
}

for (const { name, offset, length, spans } of [
  { name: 'whole pages', offset: 0, length: 2 * PAGE, spans: [[0, 2 * PAGE]] },
  {
    name: 'a page and less than one before it',
    offset: 16,
    length: 2 * PAGE,
    spans: [[PAGE, PAGE]],
  },
  { name: 'a page and a byte behind it', offset: 0, length: PAGE + 1, spans: [[0, PAGE]] },
  { name: 'a page less a byte', offset: 0, length: PAGE - 1, spans: [] },
  { name: 'parts of two pages', offset: PAGE / 2, length: PAGE, spans: [] },
  { name: 'nothing', offset: 0, length: 0, spans: [] },
])
  test(`only whole pages are given back: ${name}`, () =>
    assert.deepEqual(asked(offset, length), spans))

const anonymousKib = (): number =>
  Number(/^RssAnon:\s+(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'latin1'))?.[1])

test('shared memory that is given back is no longer in use, and reads as zero', t => {
  const calls = openMemoryCalls()
  if (calls === undefined) return t.skip('no glibc, or no node:ffi')
  const bytes = new Uint8Array(new SharedArrayBuffer(64 << 20)).fill(1)
  const before = anonymousKib()
  pageDropper(calls)(bytes.subarray(100))
  assert.ok(before - anonymousKib() > 60 << 10)
  assert.deepEqual([bytes[0], bytes[1 << 20], bytes[32 << 20]], [1, 0, 0])
})

test('where the system cannot be asked, nothing is lost', () => {
  const bytes = new Uint8Array(4 * PAGE).fill(1)
  pageDropper(undefined)(bytes)
  assert.ok(bytes.every(byte => byte === 1))
})
