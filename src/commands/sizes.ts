// Sizes in bytes as flags give them: a whole number with an optional binary suffix.

export const KIB = 1024
export const MIB = 1024 * KIB
export const GIB = 1024 * MIB

const UNIT_BYTES: Readonly<Record<string, number>> = { '': 1, KiB: KIB, MiB: MIB, GiB: GIB }

/** Bytes of `64MiB`, `512KiB`, `1GiB` or `4096`; undefined for anything else, and beyond 2^53. */
export const parseSize = (text: string): number | undefined => {
  const match = /^(\d+)(|KiB|MiB|GiB)$/.exec(text)
  if (match === null) return undefined
  const bytes = Number(match[1]) * (UNIT_BYTES[match[2] ?? ''] ?? 1)
  return Number.isSafeInteger(bytes) ? bytes : undefined
}

/** The shortest text that parseSize reads back as `bytes`. */
export const formatSize = (bytes: number): string => {
  for (const unit of ['GiB', 'MiB', 'KiB']) {
    const unitBytes = UNIT_BYTES[unit] ?? 1
    if (bytes >= unitBytes && bytes % unitBytes === 0) return `${bytes / unitBytes}${unit}`
  }
  return String(bytes)
}
