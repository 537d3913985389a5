// The bytes of CoreDNS's service `coredns.dns.DnsService`: one message of gRPC's framing, and in it
// a protobuf message whose field 1 is a DNS message.
//
//   flag 1   length 4   protobuf: (key, value)*      of which DnsPacket has
//   0        ...        0x0a length msg              1: bytes msg
//
// gRPC over HTTP/2: a flag that is not 0 tells of compression. Never throws.

const PREFIX_BYTES = 5
/** Of field 1 in front of the longest DNS message. */
const FIELD_BYTES = 4
/** CoreDNS's limit. */
export const MOST_PACKET_BYTES = 65_535 + FIELD_BYTES
export const MOST_FRAME_BYTES = PREFIX_BYTES + MOST_PACKET_BYTES

/** Why a body is not one message that can be read. */
export type WireFault = 'compressed' | 'too long' | 'cut' | 'several' | 'malformed'

const VARINT = 0
const FIXED_64 = 1
const BYTES = 2
const FIXED_32 = 5
const MSG_KEY = (1 << 3) | BYTES
const MOST_VARINT_BYTES = 10

/** The DNS message, as a view of `body`. */
export const readCall = (body: Uint8Array): Uint8Array | WireFault => {
  if (body.length < PREFIX_BYTES) return 'cut'
  if (body[0] !== 0) return 'compressed'
  const length = new DataView(body.buffer, body.byteOffset).getUint32(1)
  if (length > MOST_PACKET_BYTES) return 'too long'
  const left = body.length - PREFIX_BYTES
  if (length > left) return 'cut'
  return length < left ? 'several' : readPacket(body.subarray(PREFIX_BYTES))
}

/** Field 1 of the protobuf message; of several the last one, without one nothing. */
const readPacket = (packet: Uint8Array): Uint8Array | WireFault => {
  const cursor = { bytes: packet, at: 0 }
  let found = packet.subarray(0, 0)
  while (cursor.at < packet.length) {
    const key = varint(cursor)
    if (key < 8) return 'malformed'
    if (key === MSG_KEY) {
      const length = varint(cursor)
      if (length < 0 || cursor.at + length > packet.length) return 'malformed'
      found = packet.subarray(cursor.at, cursor.at + length)
      cursor.at += length
    } else if (key >>> 3 === 1 || !skip(cursor, key & 7)) return 'malformed'
  }
  return found
}

interface Cursor {
  readonly bytes: Uint8Array
  at: number
}

/** What its first five bytes hold: more than any key or length that fits. -1: it does not end. */
const varint = (cursor: Cursor): number => {
  const end = Math.min(cursor.bytes.length, cursor.at + MOST_VARINT_BYTES)
  let value = 0
  for (let shift = 0; cursor.at < end; shift += 7) {
    const byte = cursor.bytes[cursor.at++]!
    if (shift < 35) value += (byte & 0x7f) * 2 ** shift
    if (byte < 0x80) return value
  }
  return -1
}

/** False if the value does not end, or is of no type that is in use. */
const skip = (cursor: Cursor, type: number): boolean => {
  if (type === VARINT) return varint(cursor) >= 0
  if (type === BYTES) {
    const length = varint(cursor)
    if (length < 0) return false
    cursor.at += length
  } else if (type === FIXED_64) cursor.at += 8
  else if (type === FIXED_32) cursor.at += 4
  else return false
  return cursor.at <= cursor.bytes.length
}

/** A call's or an answer's whole body. */
export const writeCall = (message: Uint8Array): Uint8Array => {
  const length: number[] = []
  for (let left = message.length; ; left >>>= 7) {
    length.push((left & 0x7f) | (left > 0x7f ? 0x80 : 0))
    if (left <= 0x7f) break
  }
  // As others write it: a field that is empty is left out.
  const field = message.length === 0 ? [] : [MSG_KEY, ...length]
  const body = new Uint8Array(PREFIX_BYTES + field.length + message.length)
  new DataView(body.buffer).setUint32(1, field.length + message.length)
  body.set(field, PREFIX_BYTES)
  body.set(message, PREFIX_BYTES + field.length)
  return body
}
