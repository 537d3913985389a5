// Writes replies to `q.bomb.test A` record by record, with whatever names and pointers they are to
// have.

import { nameFromText } from '../../src/wire/name.ts'
import * as rr from '../../src/wire/rrtypes.ts'

export const BOMB_NAME = 'q.bomb.test.'

export type Bytes = Uint8Array | readonly number[]
export type Section = 0 | 1 | 2

export interface RecordParts {
  readonly owner: Bytes
  readonly type: number
  readonly rdata: Bytes
  readonly class?: number
  readonly ttl?: number
}

const SIZE = 65_535
const QNAME = 12
/** Of no rdata that anybody knows. */
export const PRIVATE_TYPE = 65_280

export const u16 = (value: number): readonly number[] => [(value >> 8) & 255, value & 255]
export const pointer = (offset: number): readonly number[] => u16(0xc000 | offset)
export const wireOf = (text: string): Uint8Array => nameFromText(text) ?? new Uint8Array(1)

export const QNAME_POINTER = pointer(QNAME)
/** Behind the qname's first label. */
export const ZONE_POINTER = pointer(QNAME + 2)
export const A = [192, 0, 2, 1]

export class BombWriter {
  readonly #bytes = new Uint8Array(SIZE)
  readonly #counts: [number, number, number] = [0, 0, 0]
  length = 0

  /** Header and question, and the answer to it unless the bomb is to be without. */
  constructor(isAnswered = true) {
    this.#put([0, 0, 0x81, 0x80, 0, 1, 0, 0, 0, 0, 0, 0])
    this.#put(wireOf(BOMB_NAME))
    this.#put([0, rr.TYPE_A, 0, 1])
    if (isAnswered) this.record(0, { owner: QNAME_POINTER, type: rr.TYPE_A, rdata: A })
  }

  #put(part: Bytes): void {
    this.#bytes.set(part, this.length)
    this.length += part.length
  }

  #hasRoom({ owner, rdata }: RecordParts): boolean {
    return this.length + owner.length + 10 + rdata.length <= SIZE
  }

  /** Where the owner of the record stands. */
  record(section: Section, parts: RecordParts): number {
    if (!this.#hasRoom(parts)) throw new RangeError('the bomb is full')
    const at = this.length
    const { owner, type, rdata, class: cls = 1, ttl = 300 } = parts
    this.#put(owner)
    this.#put([...u16(type), ...u16(cls), 0, 0, ...u16(ttl), ...u16(rdata.length)])
    this.#put(rdata)
    this.#counts[section]++
    return at
  }

  /**
   * Where rdata begins whose type has no names in it: what stands there is met by pointers only.
   */
  hidden(section: Section, rdata: Bytes): number {
    return this.record(section, { owner: [0], type: PRIVATE_TYPE, rdata }) + 11
  }

  /** Adds what `make` gives for 0, 1, 2 … until there is no room, or so many. */
  fill(section: Section, make: (n: number) => RecordParts, most = SIZE): this {
    for (let n = 0; n < most; n++) {
      const parts = make(n)
      if (!this.#hasRoom(parts)) break
      this.record(section, parts)
    }
    return this
  }

  /** An OPT that cannot be cut off: another record stands behind it. */
  optInside(): this {
    this.record(2, { owner: [0], type: rr.TYPE_OPT, rdata: [], class: 1232, ttl: 0 })
    this.record(2, { owner: [0], type: PRIVATE_TYPE, rdata: [] })
    return this
  }

  finish(): Uint8Array {
    this.#bytes.set(
      this.#counts.flatMap(count => [...u16(count)]),
      6,
    )
    return this.#bytes.slice(0, this.length)
  }
}
