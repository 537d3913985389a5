// Hot path. Log lines that wait to be written, oldest first, in chunks of whole lines: each chunk
// is one write. Chunks are used again, so that a steady flow of lines allocates nothing.

/**
 * A write of at most PIPE_BUF bytes is atomic on a pipe, so lines of several threads never mix.
 * Only a longer line has a larger chunk.
 */
const CHUNK_BYTES = 4096
/** Chunks kept for later. */
const MAX_SPARE_CHUNKS = 16
const LINE_END = 0x0a

export interface LogChunk {
  readonly bytes: Buffer
  /** Bytes in use. */
  length: number
}

export class LogLines {
  #chunks: LogChunk[] = []
  readonly #spare: LogChunk[] = []
  #byteCount = 0
  #writtenCount = 0
  #isBegun = false

  /** Bytes that wait, all those of a chunk that is begun included. */
  get byteCount(): number {
    return this.#byteCount
  }

  /** Whether the oldest chunk was given out by `begin` and is not wholly written yet. */
  get isBegun(): boolean {
    return this.#isBegun
  }

  /** How much of the oldest chunk is written. */
  get writtenCount(): number {
    return this.#writtenCount
  }

  /** The chunk to be written; undefined if nothing waits. From now on it is not dropped. */
  begin(): LogChunk | undefined {
    const chunk = this.#chunks[0]
    this.#isBegun = chunk !== undefined
    return chunk
  }

  /** Adds one ASCII line with its end. */
  add(line: string): void {
    this.#append(this.#chunkFor(line.length), line)
  }

  /** Puts one ASCII line with its end before all others; not while a chunk is begun. */
  addFirst(line: string): void {
    const chunk = this.#newChunk(line.length)
    this.#chunks.unshift(chunk)
    this.#append(chunk, line)
  }

  /**
   * Adds whole ASCII lines with their ends, which are the first `length` bytes; they are copied.
   */
  addBytes(bytes: Uint8Array, length: number): void {
    let from = 0
    while (from < length) {
      const to = this.#cut(bytes, from, length)
      const chunk = this.#chunkFor(to - from)
      chunk.bytes.set(bytes.subarray(from, to), chunk.length)
      chunk.length += to - from
      this.#byteCount += to - from
      from = to
    }
  }

  /** Marks so many bytes of the oldest chunk as written. */
  advance(count: number): void {
    const chunk = this.#chunks[0]
    if (chunk === undefined) return
    this.#writtenCount += count
    if (this.#writtenCount < chunk.length) return
    this.#chunks.shift()
    this.#writtenCount = 0
    this.#isBegun = false
    this.#release(chunk)
  }

  /**
   * Drops the oldest lines, by chunks, until no more than `byteCount` bytes wait. What is begun
   * stays. Returns how many lines.
   */
  drop(byteCount: number): number {
    const first = this.#isBegun ? 1 : 0
    let end = first
    let lineCount = 0
    for (; end < this.#chunks.length && this.#byteCount > byteCount; end++) {
      const chunk = this.#chunks[end]!
      lineCount += linesIn(chunk)
      this.#release(chunk)
    }
    this.#chunks.splice(first, end - first)
    return lineCount
  }

  /** Drops everything. Returns how many lines. */
  clear(): number {
    this.#writtenCount = 0
    this.#isBegun = false
    return this.drop(-1)
  }

  /** End of the whole lines from `from` on that fit the newest chunk, or else a new one. */
  #cut(bytes: Uint8Array, from: number, length: number): number {
    const newest = this.#chunks.at(-1)
    const room = newest === undefined ? CHUNK_BYTES : newest.bytes.length - newest.length
    return (
      lastEnd(bytes, from, length, room) ||
      lastEnd(bytes, from, length, CHUNK_BYTES) ||
      firstEnd(bytes, from, length)
    )
  }

  /** The newest chunk if it has so much room, or else a new one. */
  #chunkFor(size: number): LogChunk {
    const newest = this.#chunks.at(-1)
    if (newest !== undefined && newest.bytes.length - newest.length >= size) return newest
    const chunk = this.#newChunk(size)
    this.#chunks.push(chunk)
    return chunk
  }

  #newChunk(size: number): LogChunk {
    if (size > CHUNK_BYTES) return { bytes: Buffer.allocUnsafeSlow(size), length: 0 }
    return this.#spare.pop() ?? { bytes: Buffer.allocUnsafeSlow(CHUNK_BYTES), length: 0 }
  }

  #append(chunk: LogChunk, line: string): void {
    chunk.bytes.write(line, chunk.length, 'latin1')
    chunk.length += line.length
    this.#byteCount += line.length
  }

  #release(chunk: LogChunk): void {
    this.#byteCount -= chunk.length
    chunk.length = 0
    if (chunk.bytes.length === CHUNK_BYTES && this.#spare.length < MAX_SPARE_CHUNKS)
      this.#spare.push(chunk)
  }
}

/** End of the last line that ends within `room` bytes from `from` on; 0 for none. */
const lastEnd = (bytes: Uint8Array, from: number, length: number, room: number): number => {
  if (length - from <= room) return length
  if (room === 0) return 0
  const at = bytes.lastIndexOf(LINE_END, from + room - 1)
  return at < from ? 0 : at + 1
}

const firstEnd = (bytes: Uint8Array, from: number, length: number): number => {
  const at = bytes.indexOf(LINE_END, from)
  return at < 0 || at >= length ? length : at + 1
}

const linesIn = ({ bytes, length }: LogChunk): number => {
  let count = 0
  for (let at = 0; at < length; at++) if (bytes[at] === LINE_END) count++
  return count
}
