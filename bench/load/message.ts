// Just enough of DNS messages for the suite's own questions: written apart from src, so that a
// mistake there cannot hide here.

const HEADER = 12
const TYPE_A = 1

export interface Answer {
  readonly id: number
  readonly rcode: number
  readonly isResponse: boolean
  readonly answers: number
  /** Of the A records that answer. */
  readonly addresses: readonly string[]
}

export const encodeQuery = (id: number, name: string, type = TYPE_A): Buffer => {
  const labels = name.split('.').filter(label => label !== '')
  const question = labels.map(label =>
    Buffer.concat([Buffer.of(label.length), Buffer.from(label, 'latin1')]),
  )
  const head = Buffer.from([id >>> 8, id & 0xff, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0])
  return Buffer.concat([head, ...question, Buffer.of(0, 0, type, 0, 1)])
}

export const decodeAnswer = (message: Buffer): Answer | undefined => {
  if (message.length < HEADER) return undefined
  const answers = message.readUInt16BE(6)
  return {
    id: message.readUInt16BE(0),
    rcode: message.readUInt8(3) & 15,
    isResponse: message.readUInt8(2) >= 0x80,
    answers,
    addresses: addresses(message, answers),
  }
}

const skipName = (message: Buffer, start: number): number => {
  let at = start
  for (;;) {
    const length = message[at] ?? 0
    if (length >= 0xc0) return at + 2
    if (length === 0) return at + 1
    at += length + 1
  }
}

const addresses = (message: Buffer, count: number): string[] => {
  const found: string[] = []
  let at = skipName(message, HEADER) + 4
  for (let n = 0; n < count && at + 10 < message.length; n++) {
    at = skipName(message, at)
    if (at + 10 > message.length) break
    const size = message.readUInt16BE(at + 8)
    if (message.readUInt16BE(at) === TYPE_A && size === 4)
      found.push(message.subarray(at + 10, at + 14).join('.'))
    at += 10 + size
  }
  return found
}
