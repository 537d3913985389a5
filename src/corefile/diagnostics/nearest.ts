// Finds the known word that was probably meant by a misspelt one.

const LONGEST = 40

/** Edits (insert, delete, replace, swap of neighbours) between two words. */
const editDistance = (a: string, b: string): number => {
  let before: number[] = []
  let previous = Array.from({ length: b.length + 1 }, (_, j) => j)
  for (let i = 1; i <= a.length; i++) {
    const row = [i]
    for (let j = 1; j <= b.length; j++) {
      const change = a[i - 1] === b[j - 1] ? 0 : 1
      let best = Math.min(
        (previous[j] ?? 0) + 1,
        (row[j - 1] ?? 0) + 1,
        (previous[j - 1] ?? 0) + change,
      )
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        best = Math.min(best, (before[j - 2] ?? 0) + 1)
      row.push(best)
    }
    before = previous
    previous = row
  }
  return previous[b.length] ?? 0
}

/**
 * The word closest to `word`, if it is close enough for a typing error: edits in at most a third of
 * the letters, at least one. Of equally close words the first is taken.
 */
export const nearest = (word: string, words: readonly string[]): string | undefined => {
  if (word.length > LONGEST || word.length < 2) return undefined
  const folded = word.toLowerCase()
  let best: string | undefined
  let least = Math.max(1, Math.floor(word.length / 3)) + 1
  for (const candidate of words) {
    const distance = editDistance(folded, candidate)
    if (distance < least) {
      least = distance
      best = candidate
    }
  }
  return best
}

export const didYouMean = (word: string, words: readonly string[]): string | undefined => {
  const meant = nearest(word, words)
  return meant === undefined ? undefined : `did you mean '${meant}'?`
}
