// The bytes of the answer store: one slab of slots in size classes, one index of ways that point to
// slots. Only constants and arithmetic.
//
// Slab: 16 words of header per class (word 0: slots handed out so far), then the slots of each
// class, class by class. Slots are numbered from 1 through all classes. A slot begins at a cache
// line:
//
//   word  0  version        seq(24) | owner(8)     owner 0: no writer
//         1  hash, low      2  hash, high
//         3  message length(16) | key length(16)   0: the slot is free
//         4  expiry, monotonic seconds
//         5  end of stale use, monotonic seconds
//         6  original TTL, seconds
//         7  number of TTL offsets(16) | flags(16), the caller's
//         8  id of the table
//         9  size of the message with all names written out, the caller's
//        10  checksum of words 1..9, key, message, offsets, and of the version with owner 0
//        11  the way that points here, a word of the index      (11 and 12: for the holder of
//                                                                the slot; not summed)
//        12  header of the table, a word of the index
//   - - - - - - - - - - - - - - - - - - - - -  not versioned, relaxed: lost updates are harmless
//        13  hits          14  last hit, monotonic seconds     15  not before, monotonic seconds
//   - - - - - - - - - - - - - - - - - - - - - - - - - - -
//        16  key, padded with zeros to a word
//         +  message, padded with zeros to a word: its question begins 3 words on, as in a packet
//         +  TTL offsets, 16 bits each, padded with zeros to a word
//
// Index: per table 16 words of header (word 0: table id, 0 when dropped; word 1: entries), then
// buckets of 8 ways of one word each:
//
//   way      tag(8) | slot number(24)              0: empty; tag: top 8 bits of the hash

export const VERSION = 0
export const HASH_LOW = 1
export const HASH_HIGH = 2
export const LENGTHS = 3
export const EXPIRY = 4
export const STALE_UNTIL = 5
export const TTL = 6
export const FLAGS = 7
export const TABLE = 8
export const PLAIN = 9
export const CHECKSUM = 10
export const WAY = 11
export const TABLE_HEADER = 12
export const HITS = 13
export const LAST_HIT = 14
export const NOT_BEFORE = 15
/** First word of the key. */
export const KEY = 16

/** Bits of `version`. */
export const OWNER_MASK = 0xff
export const SEQ_STEP = 0x100
/** The owner that main writes as. Shards are 1 to 254. */
export const OWNER_MAIN = 255

export const WAYS = 8
export const SLOT_MASK = 0xff_ffff
export const TABLE_ID = 0
export const TABLE_ENTRIES = 1
export const TABLE_HEADER_WORDS = 16
export const CLASS_HEADER_WORDS = 16

export const MAX_MESSAGE_BYTES = 65535
export const MIN_CACHE_BYTES = 1 << 20
/** Word numbers stay below 2^29: small integers everywhere. */
export const MAX_CACHE_BYTES = 2 ** 31

/** Slots of one size. */
export interface SlotClass {
  readonly slotBytes: number
  readonly slots: number
}

/** Classes by ascending slot size. */
export type SlabGeometry = readonly SlotClass[]

// Small answers dominate: with its key and the words of the slot, an A or AAAA answer takes 130 to
// 250 bytes, a name that does not exist 200 to 300. So two fifths of the memory are cut small, and
// two fifths for what has some more records, or signatures. The two smallest classes are an odd
// number of cache lines long, so that the first lines of all slots do not fall into the same few
// sets of the cache. The largest class holds any message with every TTL offset it can have: 64 +
// 260 + 65536 + 2 * 5957 bytes, in whole pages.
const SHARES: readonly { slotBytes: number; percent: number }[] = [
  { slotBytes: 77_824, percent: 5 },
  { slotBytes: 16_384, percent: 5 },
  { slotBytes: 4096, percent: 10 },
  { slotBytes: 1280, percent: 22 },
  { slotBytes: 576, percent: 18 },
]
const SMALLEST_SLOT_BYTES = 320

/**
 * Cuts `slabBytes` into classes. A class whose share is less than a slot is left out; the remainder
 * goes to the smallest slots.
 */
export const geometryFor = (slabBytes: number): SlabGeometry => {
  const classes: SlotClass[] = []
  let rest = slabBytes - (SHARES.length + 1) * CLASS_HEADER_WORDS * 4
  for (const { slotBytes, percent } of SHARES) {
    const slots = Math.floor((slabBytes * percent) / 100 / slotBytes)
    if (slots === 0) continue
    classes.unshift({ slotBytes, slots })
    rest -= slots * slotBytes
  }
  classes.unshift({ slotBytes: SMALLEST_SLOT_BYTES, slots: Math.floor(rest / SMALLEST_SLOT_BYTES) })
  return classes
}

/** First word of each class's slots; one more element for the end of the slab. */
export const classWords = (geometry: SlabGeometry): number[] => {
  const first = [geometry.length * CLASS_HEADER_WORDS]
  for (const [k, { slotBytes, slots }] of geometry.entries())
    first.push((first[k] ?? 0) + (slots * slotBytes) / 4)
  return first
}

export const slabBytes = (geometry: SlabGeometry): number => (classWords(geometry).at(-1) ?? 0) * 4

export const totalSlots = (geometry: SlabGeometry): number =>
  geometry.reduce((sum, { slots }) => sum + slots, 0)

/** Words of a slot that its lengths ask for. */
export const slotWordsFor = (keyBytes: number, messageBytes: number, ttlCount: number): number =>
  KEY + ((keyBytes + 3) >> 2) + ((messageBytes + 3) >> 2) + ((ttlCount + 1) >> 1)

/** Words of a table with that many buckets, header included. */
export const tableWords = (buckets: number): number => TABLE_HEADER_WORDS + buckets * WAYS

/** The cut of the slab as a Markdown table, as docs/shared-memory.md shows it. */
export const describeSlab = (geometry: SlabGeometry): string => {
  const first = classWords(geometry)
  const rows = geometry.map(
    ({ slotBytes, slots }, k) =>
      `| ${slotBytes} | ${slots} | ${(first[k] ?? 0) * 4} | ${slotBytes - KEY * 4} |`,
  )
  return [
    '| bytes of a slot | slots | first byte | room for key, message, offsets |',
    '|---|---|---|---|',
    ...rows,
  ].join('\n')
}
