// Bytes as hex digits and in base64. What newer engines have for it on Uint8Array, the oldest Node
// that the package runs on has not.

const shared = (bytes: Uint8Array): Buffer =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)

/** In lower case. */
export const toHex = (bytes: Uint8Array): string => shared(bytes).toString('hex')

/** Throws a SyntaxError at what is not pairs of hex digits. */
export const fromHex = (hex: string): Uint8Array<ArrayBuffer> => {
  const bytes = new Uint8Array(hex.length / 2)
  if (shared(bytes).write(hex, 'hex') < hex.length / 2)
    throw new SyntaxError(`no pairs of hex digits: ${hex}`)
  return bytes
}

export const toBase64 = (bytes: Uint8Array): string => shared(bytes).toString('base64')

/** Of text that is known to be base64: anything else is passed over. */
export const fromBase64 = (text: string): Uint8Array<ArrayBuffer> =>
  Uint8Array.from(Buffer.from(text, 'base64'))
