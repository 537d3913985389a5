// Queries of every kind that a server meets, the same in each run: sound ones in many shapes,
// damaged ones, and what is no query at all.

/** Numbers that look random and are the same in each run: an integer from 0 to below. */
export type Numbers = (below: number) => number

export const numbersFrom = (seed: number): Numbers => {
  let state = seed >>> 0
  return below => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((state / 2 ** 32) * below)
  }
}

const TYPES = [1, 1, 1, 1, 28, 28, 16, 255, 43, 65, 12, 15, 6, 2, 257, 41, 252, 0, 65_280]
const UDP_SIZES = [0, 100, 512, 1232, 1232, 1232, 4096, 65_535]
const OPCODES = [1, 2, 4, 5, 15]
const CLASSES = [3, 255, 0, 254]
/** Header flags: RD and none, AD, CD, AA, Z, RA, TC, an rcode. */
const FLAGS = [
  0x0100, 0x0100, 0x0100, 0x0120, 0x0110, 0x0000, 0x0130, 0x0500, 0x0140, 0x0180, 0x0300, 0x0103,
]

const hex = (text: string): Uint8Array => Uint8Array.fromHex(text.replaceAll(' ', ''))
/**
 * Contents of OPT records: cookies of both lengths, NSID, client subnet, keepalive, padding,
 * unknown, several, and ill-formed ones.
 */
const OPTIONS = [
  '',
  '',
  '000a 0008 0102030405060708',
  '000a 0018 0102030405060708 090a0b0c0d0e0f10 1112131415161718',
  '0003 0000',
  '0008 0007 0001 1800 c00002',
  '000b 0000',
  '000c 0010 00000000000000000000000000000000',
  'fde9 0003 010203',
  '0003 0000 000a 0008 0102030405060708 fde9 0000 000c 0002 0000',
  '0009 0000 000b 0002 0064',
  '000a 0009 0102',
  '000a',
].map(hex)

export class QueryMix {
  readonly #names: readonly Uint8Array[]
  readonly #next: Numbers

  /** `names` in wire form. */
  constructor(names: readonly Uint8Array[], seed: number) {
    this.#names = names
    this.#next = numbersFrom(seed)
  }

  /** The next message; its id, if it is long enough to have one, is `id`. */
  message(id: number): Uint8Array {
    const next = this.#next
    const kind = next(100)
    const sound = this.#query(kind)
    if (kind < 8) this.#damage(sound)
    const message = kind >= 8 && kind < 14 ? sound.subarray(0, next(sound.length)) : sound
    if (message.length > 0) message[0] = id >>> 8
    if (message.length > 1) message[1] = id
    return message
  }

  #query(kind: number): Uint8Array {
    const next = this.#next
    const name = this.#names[next(this.#names.length)]!
    const opt = next(100) < 60 ? this.#opt() : undefined
    const garbage = kind === 14 ? 1 + next(20) : 0
    const end = 12 + name.length + 4
    const bytes = new Uint8Array(end + (opt?.length ?? 0) + garbage)
    let flags = FLAGS[next(FLAGS.length)]!
    if (kind === 15 || kind === 16) flags |= 0x8000
    if (kind === 17 || kind === 18) flags |= OPCODES[next(OPCODES.length)]! << 11
    bytes[2] = flags >>> 8
    bytes[3] = flags
    bytes[5] = kind === 19 ? next(4) : 1
    bytes[11] = opt === undefined ? 0 : 1
    if (kind === 20) bytes[7 + 2 * next(3)] = next(4)
    bytes.set(name, 12)
    this.#changeCase(bytes, 12, end - 4)
    const type = TYPES[next(TYPES.length)]!
    const klass = kind === 21 ? CLASSES[next(CLASSES.length)]! : 1
    bytes.set([type >>> 8, type, klass >>> 8, klass], end - 4)
    if (opt !== undefined) bytes.set(opt, end)
    return bytes
  }

  #opt(): Uint8Array {
    const next = this.#next
    const size = UDP_SIZES[next(UDP_SIZES.length)]!
    const rdata = next(400) === 0 ? padding(next(5000)) : OPTIONS[next(OPTIONS.length)]!
    const opt = new Uint8Array(11 + rdata.length)
    const version = next(40) === 0 ? 1 : 0
    const flags = [0, 0x8000, 0x8000, 0x4000][next(4)]!
    opt.set([
      0,
      0,
      41,
      size >>> 8,
      size,
      next(100) === 0 ? 1 : 0,
      version,
      flags >>> 8,
      0,
      rdata.length >>> 8,
      rdata.length,
    ])
    opt.set(rdata, 11)
    return opt
  }

  #changeCase(bytes: Uint8Array, start: number, end: number): void {
    let bits = this.#next(2 ** 31)
    for (let at = start; at < end; at++, bits = (bits >>> 1) | ((bits & 1) << 30)) {
      const byte = bytes[at]!
      if (byte >= 0x61 && byte <= 0x7a && (bits & 1) === 1) bytes[at] = byte - 32
    }
  }

  #damage(bytes: Uint8Array): void {
    const next = this.#next
    for (let flips = 1 + next(4); flips > 0; flips--) bytes[2 + next(bytes.length - 2)] = next(256)
  }
}

const padding = (size: number): Uint8Array => {
  const option = new Uint8Array(4 + size)
  option.set([0, 12, size >>> 8, size])
  return option
}
