// Questions that killed shards twice and are refused for a while (the "query of death"). Main
// writes, shards read. A question is known by the 32-bit keyed hash that the black box holds. The
// list is short, and a word that counts its entries in use keeps the usual case to one read.
//
//   word 0  entries ever used, at most REFUSED_ENTRIES   words 1..15 unused
//   then per entry: word 0 hash, word 1 refused until (monotonic seconds)

export const REFUSED_ENTRIES = 56
/** 32-bit words of the list: eight cache lines. */
export const REFUSED_WORDS = 128
const FIRST_ENTRY = 16

/** Whether the question of this hash is refused now. */
export const isRefused = (
  words: Int32Array,
  offset: number,
  questionHash: number,
  nowSeconds: number,
): boolean => {
  const count = words[offset]!
  if (count === 0) return false
  const end = offset + FIRST_ENTRY + Math.min(count, REFUSED_ENTRIES) * 2
  for (let word = offset + FIRST_ENTRY; word < end; word += 2) {
    if (Atomics.load(words, word) === questionHash && nowSeconds < Atomics.load(words, word + 1))
      return true
  }
  return false
}

/**
 * Refuses a question until then; when the list is full, the entry that ends first gives way. Main
 * only.
 */
export const refuse = (
  words: Int32Array,
  offset: number,
  questionHash: number,
  untilSeconds: number,
): void => {
  const count = Math.min(Atomics.load(words, offset), REFUSED_ENTRIES)
  let place = 0
  for (let n = 0; n < count; n++) {
    const word = offset + FIRST_ENTRY + n * 2
    if (Atomics.load(words, word) === questionHash) {
      Atomics.store(words, word + 1, untilSeconds)
      return
    }
    if (Atomics.load(words, word + 1) < Atomics.load(words, offset + FIRST_ENTRY + place * 2 + 1))
      place = n
  }
  if (count < REFUSED_ENTRIES) place = count
  const word = offset + FIRST_ENTRY + place * 2
  Atomics.store(words, word + 1, 0)
  Atomics.store(words, word, questionHash)
  Atomics.store(words, word + 1, untilSeconds)
  if (place === count) Atomics.store(words, offset, count + 1)
}
