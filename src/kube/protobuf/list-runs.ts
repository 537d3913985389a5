// Cuts the bytes of a Kubernetes List in protobuf into its items while they arrive, so that a page
// is never in memory as a whole. The magic and the message around the list end with it; in between
// there is one run after the other: the list's metadata, then its items.

import {
  FRAME_LIMIT_BYTES,
  ITEM_LIMIT_BYTES,
  type ListHead,
  type ListReader,
} from '../list-splitter.ts'
import { ByteQueue } from './byte-queue.ts'
import {
  checkEncoding,
  checkMagic,
  kindOf,
  MAGIC_BYTES,
  UNKNOWN_ENCODING,
  UNKNOWN_MEDIA_TYPE,
  UNKNOWN_RAW,
  UNKNOWN_TYPE,
} from './envelope.ts'
import { ObjectBytes } from './object-bytes.ts'
import { damaged, runTag, WireReader } from './wire.ts'

/** Fields of every list, and of its metadata. */
const METADATA = runTag(1)
const ITEM = runTag(2)
const RESOURCE_VERSION = runTag(2)
const CONTINUE = runTag(3)

const LONGEST_VARINT = 10
const MOST_LIST_BYTES = 2 ** 31 - 1

export class ListRuns implements ListReader {
  readonly #onItem: (item: ObjectBytes) => void
  readonly #queue = new ByteQueue()
  readonly #fields = new WireReader()
  #isBegun = false
  /** Bytes of the list that are still to come; -1 before it, and behind it. */
  #listLeft = -1
  #hasList = false
  #frameBytes = 0
  #kind = ''
  #resourceVersion = ''
  #continueToken = ''

  /** Items are borrowed: they hold the connection's bytes. */
  constructor(onItem: (item: ObjectBytes) => void) {
    this.#onItem = onItem
  }

  push(chunk: Uint8Array): void {
    const queue = this.#queue
    queue.push(chunk)
    if (!this.#isBegun && queue.left >= MAGIC_BYTES) {
      checkMagic(queue.bytes, queue.at)
      queue.at += MAGIC_BYTES
      this.#isBegun = true
    }
    while (this.#isBegun && this.#takeField());
    queue.settle()
  }

  end(): ListHead {
    if (!this.#hasList || this.#listLeft >= 0 || this.#queue.left > 0)
      throw damaged('a list ends in the middle')
    if (!this.#kind.endsWith('List')) throw damaged(`a list is of kind '${this.#kind}'`)
    if (this.#resourceVersion === '') throw damaged('a list has no metadata.resourceVersion')
    return {
      kind: this.#kind,
      resourceVersion: this.#resourceVersion,
      continueToken: this.#continueToken,
    }
  }

  get #isInList(): boolean {
    return this.#listLeft >= 0
  }

  /** False if the next field has not come whole, or if there is none. */
  #takeField(): boolean {
    if (this.#listLeft === 0) this.#listLeft = -1
    const queue = this.#queue
    if (queue.left === 0) return false
    const { bytes, at } = queue
    const tagEnd = behindVarint(bytes, at, queue.end)
    if (tagEnd < 0) return false
    const isRun = (bytes[at]! & 7) === 2
    const lengthEnd = isRun ? behindVarint(bytes, tagEnd, queue.end) : tagEnd
    if (lengthEnd < 0) return false
    const length = isRun ? lengthAt(bytes, tagEnd, lengthEnd) : 0
    if (!this.#isInList && isRun && bytes[at] === UNKNOWN_RAW)
      return this.#beginList(length, lengthEnd)
    const fieldEnd = isRun ? lengthEnd + length : behindNumber(bytes, at, tagEnd, queue.end)
    return this.#takeWhole(length, fieldEnd)
  }

  #beginList(length: number, start: number): boolean {
    if (this.#hasList) throw damaged('a list is there twice')
    this.#hasList = true
    this.#listLeft = length
    this.#queue.at = start
    return true
  }

  /** A field that ends at `end`, -1 if that is not known yet, and whose run has that length. */
  #takeWhole(length: number, end: number): boolean {
    const queue = this.#queue
    const { bytes, at } = queue
    const isItem = this.#isInList && bytes[at] === ITEM
    const limit = isItem ? ITEM_LIMIT_BYTES : FRAME_LIMIT_BYTES
    if (length > limit) throw damaged(`a field of a list has more than ${limit} bytes`)
    if (this.#isInList && end - at > this.#listLeft)
      throw damaged('a field is longer than its message')
    if (end < 0 || end > queue.end) return false
    const fields = this.#fields.over(bytes, at, end)
    fields.next()
    if (this.#isInList) this.#listLeft -= end - at
    queue.at = end
    if (isItem) this.#onItem(new ObjectBytes(bytes, fields.start, fields.end))
    else this.#takeFrame(end - at)
    return true
  }

  #takeFrame(bytes: number): void {
    const fields = this.#fields
    this.#frameBytes += bytes
    if (this.#frameBytes > FRAME_LIMIT_BYTES)
      throw damaged(`a list has more than ${FRAME_LIMIT_BYTES} bytes beside its items`)
    if (this.#isInList) {
      if (fields.tag === METADATA) this.#takeMetadata(fields)
    } else if (fields.tag === UNKNOWN_TYPE) this.#kind = kindOf(fields)
    else if (fields.tag === UNKNOWN_ENCODING || fields.tag === UNKNOWN_MEDIA_TYPE)
      checkEncoding(fields)
  }

  #takeMetadata(run: WireReader): void {
    const fields = new WireReader().into(run)
    while (fields.next())
      if (fields.tag === RESOURCE_VERSION) this.#resourceVersion = fields.text
      else if (fields.tag === CONTINUE) this.#continueToken = fields.text
  }
}

/** Where the varint at `at` ends; -1 if it has not come whole. */
const behindVarint = (bytes: Uint8Array, at: number, end: number): number => {
  for (let to = at; to < Math.min(end, at + LONGEST_VARINT); to++)
    if (bytes[to]! < 0x80) return to + 1
  if (end - at >= LONGEST_VARINT) throw damaged('a number has more than ten bytes')
  return -1
}

const lengthAt = (bytes: Uint8Array, start: number, end: number): number => {
  let length = 0
  for (let at = end - 1; at >= start; at--) length = length * 128 + (bytes[at]! & 0x7f)
  if (length > MOST_LIST_BYTES) throw damaged('a field is longer than its message')
  return length
}

/** The end of a field that is no run; -1 if it has not come whole, or is none. */
const behindNumber = (bytes: Uint8Array, at: number, tagEnd: number, end: number): number => {
  switch (bytes[at]! & 7) {
    case 0:
      return behindVarint(bytes, tagEnd, end)
    case 1:
      return tagEnd + 8
    case 5:
      return tagEnd + 4
    default:
      throw damaged(`a field is of type ${bytes[at]! & 7}`)
  }
}
