// The data that the two halves of loop share.

/**
 * Words: the first is 0, or 1 once detection has ended; the second counts sightings of the probe.
 */
export const SWITCHED_OFF = 0
export const SIGHTINGS = 1
export const WORD_COUNT = 2

export interface LoopShared {
  readonly zone: string
  /**
   * Presentation form with trailing dot. Known to this process only: a client that could guess it
   * could end the process (CVE-2026-26018).
   */
  readonly qname: string
  /** The listener probed, as `:53`. */
  readonly address: string
  readonly word: number
}
