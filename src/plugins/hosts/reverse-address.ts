// Reads the address of a reverse name in wire form, without a string. The same as reverseNameToIp
// of base/ip.ts, which takes text.

const bytesOf = (...labels: string[]): Uint8Array =>
  Uint8Array.of(...labels.flatMap(label => [label.length, ...Buffer.from(label)]), 0)

const IN_ADDR = bytesOf('in-addr', 'arpa')
const IP6 = bytesOf('ip6', 'arpa')
/** 32 nibbles, each a label. */
const IP6_LENGTH = 64 + IP6.length

/**
 * Writes the address to the start of `out`, which has 16 bytes. Returns its length: 4 or 16, or 0
 * for a name that is not exactly one address. An IPv4-mapped address becomes the IPv4 address. The
 * name is the first `length` bytes of `name`, in wire form and lower case.
 */
export const readReverseName = (name: Uint8Array, length: number, out: Uint8Array): number => {
  if (length === IP6_LENGTH && endsWith(name, length, IP6)) return readNibbles(name, out)
  return endsWith(name, length, IN_ADDR) && readDecimals(name, length - IN_ADDR.length, out) ? 4 : 0
}

const endsWith = (name: Uint8Array, length: number, zone: Uint8Array): boolean => {
  const start = length - zone.length
  if (start < 0) return false
  for (let k = 0; k < zone.length; k++) if (name[start + k] !== zone[k]) return false
  return true
}

/**
 * Four labels of one to three digits, the last byte of the address first, no leading zeros. The
 * zone's first label, if reached, is too long.
 */
const readDecimals = (name: Uint8Array, end: number, out: Uint8Array): boolean => {
  let at = 0
  for (let index = 3; index >= 0; index--) {
    const size = name[at++]!
    if (size > 3 || (size > 1 && name[at] === 0x30)) return false
    let value = 0
    for (const last = at + size; at < last; at++) {
      const digit = name[at]! - 0x30
      if (digit < 0 || digit > 9) return false
      value = value * 10 + digit
    }
    if (value > 255) return false
    out[index] = value
  }
  return at === end
}

const readNibbles = (name: Uint8Array, out: Uint8Array): number => {
  for (let index = 0; index < 32; index++) {
    if (name[2 * index] !== 1) return 0
    const nibble = nibbleOf(name[2 * index + 1]!)
    if (nibble < 0) return 0
    const byte = 15 - (index >> 1)
    out[byte] = (index & 1) === 0 ? nibble : out[byte]! | (nibble << 4)
  }
  if (out[10] !== 0xff || out[11] !== 0xff) return 16
  for (let k = 0; k < 10; k++) if (out[k] !== 0) return 16
  for (let k = 0; k < 4; k++) out[k] = out[12 + k]!
  return 4
}

const nibbleOf = (letter: number): number => {
  if (letter >= 0x30 && letter <= 0x39) return letter - 0x30
  return letter >= 0x61 && letter <= 0x66 ? letter - 0x57 : -1
}
