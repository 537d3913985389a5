// Checks numbers that plugins pass in: written to the wire, wrong ones would be truncated silently.

const MOST_RCODE = 0xfff
const MOST_SECONDS = 0xffff_ffff
const MOST_U16 = 0xffff

export const checkRcode = (rcode: number): void => {
  if (!isWhole(rcode, MOST_RCODE))
    throw new RangeError(`rcode ${rcode}: must be 0 to ${MOST_RCODE}`)
}

/**
 * Throws for a TTL that is no number of seconds. Fractions are allowed; they are truncated later.
 */
export const checkSeconds = (seconds: number): void => {
  if (!(seconds >= 0 && seconds <= MOST_SECONDS))
    throw new RangeError(`a TTL of ${seconds}: must be 0 to ${MOST_SECONDS}`)
}

export const checkU16 = (what: string, value: number | undefined): void => {
  if (value !== undefined && !isWhole(value, MOST_U16))
    throw new RangeError(`${what} ${value}: must be 0 to ${MOST_U16}`)
}

export const checkObject = (what: string, value: unknown): void => {
  if (value !== undefined && (typeof value !== 'object' || value === null))
    throw new TypeError(`${what} is no object`)
}

const isWhole = (value: number, most: number): boolean =>
  Number.isInteger(value) && value >= 0 && value <= most
