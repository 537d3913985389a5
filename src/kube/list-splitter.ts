// Cuts the bytes of a Kubernetes List into its items while they arrive, so that a page is never one
// string. It finds brackets and strings only: JSON.parse decides whether an item is JSON, and the
// caller interprets it.

import { KubeError } from './kube-error.ts'

/** etcd takes 1.5 MiB. */
export const ITEM_LIMIT_BYTES = 8 * 1024 * 1024
/** All that is not in an item: kind, apiVersion, metadata. */
export const FRAME_LIMIT_BYTES = 1024 * 1024

/** Room for the key `items` and blanks. */
const TAIL_BYTES = 64

const QUOTE = 0x22
const COMMA = 0x2c
const BACKSLASH = 0x5c
const OPEN_BRACKET = 0x5b
const CLOSE_BRACKET = 0x5d
const OPEN_BRACE = 0x7b
const CLOSE_BRACE = 0x7d

/** The data of a list outside of its items. */
export interface ListHead {
  readonly kind: string
  readonly resourceVersion: string
  /** Token of the next page; '' on the last. */
  readonly continueToken: string
}

/** Takes the bytes of one page of a list as they come, and hands its items on. */
export interface ListReader {
  /** Throws a KubeError for what is no list; nothing may be pushed after that. */
  push(chunk: Uint8Array): void
  /** After the last chunk. Throws a KubeError if the list is not whole. */
  end(): ListHead
}

export class ListSplitter implements ListReader {
  readonly #onItem: (text: string) => void
  /** The list with its items left out: small, and parsed at the end. */
  readonly #frame: Buffer[] = []
  #frameSize = 0
  /** The beginning of an item whose end has not come yet. */
  #item: Buffer[] = []
  #itemSize = 0
  #depth = 0
  #isInString = false
  #isEscaped = false
  #isInItems = false
  #hasItems = false
  #hasEnded = false

  /** `onItem` gets the text of each element of `items`. */
  constructor(onItem: (text: string) => void) {
    this.#onItem = onItem
  }

  /**
   * Throws a KubeError for what is no List; nothing may be pushed after that. `chunk` is not kept.
   */
  push(chunk: Uint8Array): void {
    const bytes = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength)
    if (this.#hasEnded) {
      checkRest(bytes)
      return
    }
    /** Where the part that is not yet handed on begins. */
    let start = 0
    for (let offset = 0; offset < bytes.length; offset++) {
      const byte = bytes[offset]!
      if (this.#isInString) {
        if (this.#isEscaped) this.#isEscaped = false
        else if (byte === BACKSLASH) this.#isEscaped = true
        else if (byte === QUOTE) this.#isInString = false
      } else if (this.#isInItems && this.#depth === 2)
        start = this.#betweenItems(byte, bytes, start, offset)
      else if (byte === QUOTE) this.#isInString = true
      else if (byte === OPEN_BRACE || byte === OPEN_BRACKET) {
        this.#depth++
        if (byte === OPEN_BRACKET && this.#depth === 2)
          start = this.#openArray(bytes, start, offset + 1)
      } else if (byte === CLOSE_BRACE || byte === CLOSE_BRACKET) {
        this.#depth--
        if (this.#isInItems && this.#depth === 2) start = this.#endItem(bytes, start, offset + 1)
        else if (this.#depth <= 0) {
          this.#endFrame(bytes, start, offset + 1)
          return
        }
      } else if (this.#depth === 0 && byte > 0x20) throw broken('it is no JSON')
    }
    if (!this.#isInItems) this.#keepFrame(bytes.subarray(start))
    else if (this.#depth > 2) this.#keepItem(bytes.subarray(start))
  }

  /** After the last chunk. Throws a KubeError if the list is not whole. */
  end(): ListHead {
    if (!this.#hasEnded) throw broken('it ends in the middle')
    let frame: unknown
    try {
      frame = JSON.parse(Buffer.concat(this.#frame).toString('utf8'))
    } catch {
      throw broken('it is no JSON')
    }
    const { kind, metadata } = frame as {
      kind?: unknown
      metadata?: { resourceVersion?: unknown; continue?: unknown } | null
    }
    const { resourceVersion, continue: continueToken } = metadata ?? {}
    if (typeof resourceVersion !== 'string' || resourceVersion === '')
      throw broken('it has no metadata.resourceVersion')
    return {
      kind: typeof kind === 'string' ? kind : '',
      resourceVersion,
      continueToken: typeof continueToken === 'string' ? continueToken : '',
    }
  }

  /** Returns where the unhandled part begins. */
  #betweenItems(byte: number, bytes: Buffer, start: number, offset: number): number {
    if (byte === OPEN_BRACE) {
      this.#depth++
      return offset
    }
    if (byte === CLOSE_BRACKET) {
      this.#isInItems = false
      this.#depth--
      return offset
    }
    if (byte === COMMA || byte === 0x20 || (byte >= 0x09 && byte <= 0x0d)) return start
    throw broken(
      `items holds what is no object, at ${JSON.stringify(bytes.toString('latin1', offset, offset + 20))}`,
    )
  }

  /** An array at the top of the list, whose bracket ends at `end`: is it the items? */
  #openArray(bytes: Buffer, start: number, end: number): number {
    this.#keepFrame(bytes.subarray(start, end))
    if (/"items"\s*:\s*\[$/.test(this.#frameTail())) {
      if (this.#hasItems) throw broken('it has items twice')
      this.#isInItems = true
      this.#hasItems = true
    }
    return end
  }

  /** The last bytes of the frame, which may have come in any number of pieces. */
  #frameTail(): string {
    let tail = ''
    for (let index = this.#frame.length - 1; index >= 0 && tail.length < TAIL_BYTES; index--)
      tail = this.#frame[index]!.subarray(-TAIL_BYTES).toString('latin1') + tail
    return tail
  }

  #endItem(bytes: Buffer, start: number, end: number): number {
    this.#itemSize += end - start
    if (this.#itemSize > ITEM_LIMIT_BYTES) throw tooLarge()
    const text =
      this.#item.length === 0
        ? bytes.toString('utf8', start, end)
        : Buffer.concat([...this.#item, bytes.subarray(start, end)]).toString('utf8')
    this.#item = []
    this.#itemSize = 0
    this.#onItem(text)
    return end
  }

  #keepItem(part: Buffer): void {
    this.#itemSize += part.length
    if (this.#itemSize > ITEM_LIMIT_BYTES) throw tooLarge()
    this.#item.push(Buffer.from(part))
  }

  #keepFrame(part: Buffer): void {
    this.#frameSize += part.length
    if (this.#frameSize > FRAME_LIMIT_BYTES)
      throw broken(`it has more than ${FRAME_LIMIT_BYTES} bytes beside its items`)
    if (part.length > 0) this.#frame.push(Buffer.from(part))
  }

  #endFrame(bytes: Buffer, start: number, end: number): void {
    this.#keepFrame(bytes.subarray(start, end))
    this.#hasEnded = true
    checkRest(bytes.subarray(end))
  }
}

const checkRest = (rest: Buffer): void => {
  if (/\S/.test(rest.toString('latin1'))) throw broken('something follows it')
}

const broken = (why: string): KubeError =>
  new KubeError('body', `the API server sends a list that cannot be read: ${why}`)
const tooLarge = (): KubeError => broken(`an item is larger than ${ITEM_LIMIT_BYTES} bytes`)
