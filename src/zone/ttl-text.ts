// Seconds as they are written in zone files: a number, or numbers with units, such as 1h30m or 1W.

const UNIT_SECONDS: ReadonlyMap<number, number> = new Map(
  [...'sSmMhHdDwW'].map((unit): [number, number] => [
    unit.charCodeAt(0),
    { s: 1, m: 60, h: 3600, d: 86_400, w: 604_800 }[unit.toLowerCase()]!,
  ]),
)

export const MAX_SECONDS = 0xffffffff
export const NO_TTL = -1
export const TTL_TOO_LARGE = -2

/**
 * The seconds that bytes `from` to `to` stand for; NO_TTL, or TTL_TOO_LARGE above 32 bits. A last
 * number needs no unit.
 */
export const readTtl = (bytes: Uint8Array, from: number, to: number): number => {
  let seconds = 0
  let number = -1
  for (let at = from; at < to; at++) {
    const byte = bytes[at]!
    if (byte >= 0x30 && byte <= 0x39) {
      number = Math.min(10 * Math.max(number, 0) + byte - 0x30, 1 + MAX_SECONDS)
      continue
    }
    const unit = UNIT_SECONDS.get(byte)
    if (unit === undefined || number < 0) return NO_TTL
    seconds += number * unit
    number = -1
  }
  if (to === from) return NO_TTL
  seconds += Math.max(number, 0)
  return seconds <= MAX_SECONDS ? seconds : TTL_TOO_LARGE
}
