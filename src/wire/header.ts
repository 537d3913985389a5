// Hot path. The 12-byte header (RFC 1035 section 4.1.1) and big-endian integers. Callers check
// bounds: a message has HEADER_SIZE bytes at least.

export const HEADER_SIZE = 12

export const FLAG_QR = 0x8000
export const FLAG_AA = 0x0400
export const FLAG_TC = 0x0200
export const FLAG_RD = 0x0100
export const FLAG_RA = 0x0080
export const FLAG_Z = 0x0040
export const FLAG_AD = 0x0020
export const FLAG_CD = 0x0010
/** The four opcode bits of the flags word. */
export const MASK_OPCODE = 0x7800
/** The four rcode bits of the flags word. */
export const MASK_RCODE = 0x000f

export const OPCODE_QUERY = 0
export const OPCODE_IQUERY = 1
export const OPCODE_STATUS = 2
export const OPCODE_NOTIFY = 4
export const OPCODE_UPDATE = 5

export const getU16 = (bytes: Uint8Array, offset: number): number =>
  (bytes[offset]! << 8) | bytes[offset + 1]!

export const setU16 = (bytes: Uint8Array, offset: number, value: number): void => {
  bytes[offset] = value >>> 8
  bytes[offset + 1] = value
}

export const getU32 = (bytes: Uint8Array, offset: number): number =>
  ((bytes[offset]! << 24) |
    (bytes[offset + 1]! << 16) |
    (bytes[offset + 2]! << 8) |
    bytes[offset + 3]!) >>>
  0

export const setU32 = (bytes: Uint8Array, offset: number, value: number): void => {
  bytes[offset] = value >>> 24
  bytes[offset + 1] = value >>> 16
  bytes[offset + 2] = value >>> 8
  bytes[offset + 3] = value
}

export const getId = (bytes: Uint8Array, offset: number): number => getU16(bytes, offset)
export const setId = (bytes: Uint8Array, offset: number, id: number): void =>
  setU16(bytes, offset, id)

export const getFlags = (bytes: Uint8Array, offset: number): number => getU16(bytes, offset + 2)
export const setFlags = (bytes: Uint8Array, offset: number, flags: number): void =>
  setU16(bytes, offset + 2, flags)

export const getQdcount = (bytes: Uint8Array, offset: number): number => getU16(bytes, offset + 4)
export const setQdcount = (bytes: Uint8Array, offset: number, count: number): void =>
  setU16(bytes, offset + 4, count)

export const getAncount = (bytes: Uint8Array, offset: number): number => getU16(bytes, offset + 6)
export const setAncount = (bytes: Uint8Array, offset: number, count: number): void =>
  setU16(bytes, offset + 6, count)

export const getNscount = (bytes: Uint8Array, offset: number): number => getU16(bytes, offset + 8)
export const setNscount = (bytes: Uint8Array, offset: number, count: number): void =>
  setU16(bytes, offset + 8, count)

export const getArcount = (bytes: Uint8Array, offset: number): number => getU16(bytes, offset + 10)
export const setArcount = (bytes: Uint8Array, offset: number, count: number): void =>
  setU16(bytes, offset + 10, count)

export const opcodeOf = (flags: number): number => (flags >>> 11) & 15
