// What the two halves of loop share.

/**
 * Words: nothing but 0 and 1 in the first, which ends detection; sightings of the probe in the
 * second.
 */
export const SWITCHED_OFF = 0
export const SIGHTINGS = 1
export const WORD_COUNT = 2

export interface LoopShared {
  readonly zone: string
  /**
   * Presentation form with trailing dot. Known to this process only: whoever could guess it could
   * end us (CVE-2026-26018).
   */
  readonly qname: string
  /** The listener probed, as `:53`. */
  readonly address: string
  readonly word: number
}
