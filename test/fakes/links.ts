// What must hold of the answer store whenever nobody is at work in it.

import assert from 'node:assert/strict'
import {
  KEY,
  LENGTHS,
  OWNER_MASK,
  SLOT_MASK,
  TABLE,
  TABLE_HEADER_WORDS,
  tableWords,
  totalSlots,
  VERSION,
  WAY,
} from '../../src/cache/layout.ts'
import { Slab } from '../../src/cache/slab.ts'
import type { CacheTableRef } from '../../src/cache/table-ref.ts'

/**
 * At rest: no slot is locked, every way has its slot, every filled slot its way, and the counts are
 * right.
 */
export function checkLinks(refs: readonly CacheTableRef[]): void {
  const [ref] = refs
  assert.ok(ref)
  const slab = new Slab(ref.slab, ref.index, ref.geometry)
  const wordOf = (slot: number) => slab.wordOf(slab.classOf(slot), slot)
  let filled = 0
  for (let slot = 1; slot <= totalSlots(ref.geometry); slot++) {
    const word = wordOf(slot)
    assert.equal((slab.words[word + VERSION] ?? 0) & OWNER_MASK, 0, `slot ${slot} is locked`)
    if (!slab.isFree(word)) filled++
  }
  let linked = 0
  for (const { id, headerWord, buckets } of refs) {
    const before = linked
    for (let way = headerWord + TABLE_HEADER_WORDS; way < headerWord + tableWords(buckets); way++) {
      const slot = (slab.index[way] ?? 0) & SLOT_MASK
      if (slot === 0) continue
      linked++
      const word = wordOf(slot)
      assert.deepEqual([slab.words[word + WAY], slab.words[word + TABLE]], [way, id])
    }
    assert.equal(slab.index[headerWord + 1], linked - before)
  }
  assert.equal(linked, filled)
}

/** Table and key of every filled slot, as text. */
export function keysIn({ slab: buffer, index, geometry }: CacheTableRef): string[] {
  const slab = new Slab(buffer, index, geometry)
  const keys: string[] = []
  for (let slot = 1; slot <= totalSlots(geometry); slot++) {
    const word = slab.wordOf(slab.classOf(slot), slot)
    const first = (word + KEY) * 4
    const length = (slab.words[word + LENGTHS] ?? 0) & 0xffff
    if (length > 0)
      keys.push(
        `${slab.words[word + TABLE]} ${Buffer.from(slab.bytes.slice(first, first + length)).toString('hex')}`,
      )
  }
  return keys
}
