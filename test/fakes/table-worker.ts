// Of table.torture.test.ts: puts, finds and removes few keys in a tiny store.

import { CacheTable } from '../../src/cache/table.ts'
import type { CacheTableRef } from '../../src/cache/table-ref.ts'
import { work } from './crew.ts'
import { keyOf, messageOf, metaOf, versionIn } from './numbered.ts'

export interface TableWorld {
  readonly refs: readonly CacheTableRef[]
  readonly keys: number
  /** Message lengths, one class of slots after the other. */
  readonly lengths: readonly number[]
}

const VERSIONS = 4

await work<TableWorld>((me, { refs, keys, lengths }, below) => {
  const tables = refs.map(ref => new CacheTable(ref, me + 1))
  const messages = Array.from({ length: keys * VERSIONS }, (_, k) => {
    const [n, version] = [Math.floor(k / VERSIONS), k % VERSIONS]
    return messageOf(n, version, lengths[(n + version) % lengths.length] ?? 12)
  })
  const key = tables[0]?.newKey()
  const hit = tables[0]?.newHit()
  return () => {
    const place = below(tables.length)
    const table = tables[place]
    if (key === undefined || hit === undefined || table === undefined) return false
    // Each table has keys of its own numbers, so that an entry found through the wrong table is
    // seen.
    const n = below(keys / tables.length) * tables.length + place
    keyOf(key, n - place)
    const operation = below(16)
    if (operation === 0) table.remove(key)
    else if (operation < 8) {
      const message = messages[n * VERSIONS + below(VERSIONS)]
      if (message !== undefined) table.put(key, metaOf(below(100)), message, [n], below(100))
    } else if (table.find(key, hit)) {
      table.notes.popularity(hit, 5, 5)
      table.notes.setNotBefore(hit, 5)
      return (
        versionIn(hit.message, n) >= 0 && hit.ttlOffsets.length === 1 && hit.ttlOffsets[0] === n
      )
    }
    return true
  }
})
