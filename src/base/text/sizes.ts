// Sizes in bytes as flags give them: a whole number with an optional unit.

export const KIB = 1024
export const MIB = 1024 * KIB
export const GIB = 1024 * MIB

const UNIT_BYTES: Readonly<Record<string, number>> = {
  '': 1,
  k: 1000,
  m: 1000 ** 2,
  g: 1000 ** 3,
  ki: KIB,
  mi: MIB,
  gi: GIB,
}

/**
 * Bytes of `64MiB`, `64Mi`, `64MB`, `64M` or `4096`; undefined for anything else, and beyond 2^53.
 * As in Kubernetes, `Mi` is binary and `M` is decimal; with them `MiB` and `MB`. Letter case is
 * free, but for `m` and `g` alone: `m` is a thousandth in Kubernetes.
 */
export const parseSize = (text: string): number | undefined => {
  const match = /^(\d+)((?:[kmg]i?b?)?)$/i.exec(text)
  if (match === null || /\d[mg]$/.test(text)) return undefined
  const unit = (match[2] ?? '').toLowerCase().replace(/b$/, '')
  const bytes = Number(match[1]) * (UNIT_BYTES[unit] ?? 1)
  return Number.isSafeInteger(bytes) ? bytes : undefined
}

/** The shortest text that parseSize reads back as `bytes`. */
export const formatSize = (bytes: number): string => {
  for (const [unit, unitBytes] of [
    ['GiB', GIB],
    ['MiB', MIB],
    ['KiB', KIB],
  ] as const) {
    if (bytes >= unitBytes && bytes % unitBytes === 0) return `${bytes / unitBytes}${unit}`
  }
  return String(bytes)
}
