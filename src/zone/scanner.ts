// Tokens of a master file (RFC 1035 section 5.1), one entry at a time: a line, or several that
// parentheses join. Blanks, line breaks and `;` comments separate; what an escape stands for is
// left to the reader of the token. Nothing is allocated per token.

const TAB = 0x09
const NEWLINE = 0x0a
const RETURN = 0x0d
const BLANK = 0x20
const QUOTE = 0x22
const OPEN = 0x28
const CLOSE = 0x29
const SEMICOLON = 0x3b
const BACKSLASH = 0x5c

/**
 * Text of one entry, comments included: four times what the largest rdata needs with every byte
 * escaped.
 */
export const MAX_ENTRY_BYTES = 1 << 20
/**
 * Tokens of one entry: a TXT record of nothing but empty strings has 65,535 and its owner, TTL,
 * class and type.
 */
export const MAX_ENTRY_TOKENS = 1 << 17

const UTF8 = new TextDecoder('utf-8')

/** A fault of the text itself. */
export interface ScanFault {
  readonly message: string
  readonly offset: number
}

const isBlank = (byte: number | undefined): boolean =>
  byte === BLANK || byte === TAB || byte === RETURN

/** One text; `next` goes on to the next entry, whose tokens are then in the fields. */
export class Scanner {
  /** Tokens of the entry; 0 for a line of blanks or comment. */
  count = 0
  /** Offset of each token's first byte, and behind its last; quotes are left out. */
  starts = new Int32Array(64)
  ends = new Int32Array(64)
  /** 1 for a quoted token. */
  quotes = new Uint8Array(64)
  /** The line starts with a blank: the owner is the one of the entry before. */
  isIndented = false
  /** What is wrong with the entry; it then has the tokens before. */
  fault: ScanFault | undefined
  readonly bytes: Uint8Array
  /** The same bytes: only a Buffer reads them one character each. */
  readonly #buffer: Buffer
  #next = 0
  #entryLine: number
  #line: number
  #entryStart = 0

  /** `bytes` is text in UTF-8, or a superset of ASCII; `line` is the number of its first line. */
  constructor(bytes: Uint8Array, line = 1) {
    this.bytes = bytes
    this.#buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
    this.#line = line
    this.#entryLine = line
    if (bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf) this.#next = 3
  }

  /** Bytes read so far. */
  get offset(): number {
    return this.#next
  }

  /** Goes on to the next entry; false behind the last. */
  next(): boolean {
    this.count = 0
    this.fault = undefined
    this.#entryStart = this.#next
    this.#entryLine = this.#line
    if (this.#next >= this.bytes.length) return false
    this.isIndented = isBlank(this.bytes[this.#next])
    this.#next = this.#scanEntry()
    return true
  }

  /** Line and column of an offset within the entry. */
  place(offset: number): { line: number; column: number } {
    let line = this.#entryLine
    let lineStart = this.#entryStart
    for (let at = lineStart; at < offset; at++) {
      if (this.bytes[at] !== NEWLINE) continue
      line++
      lineStart = at + 1
    }
    return { line, column: 1 + UTF8.decode(this.bytes.subarray(lineStart, offset)).length }
  }

  /**
   * Offset where a token is shown to start: at its quote, if it has one; behind the last token for
   * `count` and more.
   */
  shownAt(index: number): number {
    if (index >= this.count)
      return this.count === 0
        ? this.#entryStart
        : this.ends[this.count - 1]! + this.quotes[this.count - 1]!
    return this.starts[index]! - this.quotes[index]!
  }

  /** The token as it stands, one character per byte. */
  text(index: number): string {
    return this.#buffer.toString('latin1', this.starts[index], this.ends[index])
  }

  /** The token as people wrote it, for messages. */
  shown(index: number): string {
    return UTF8.decode(this.bytes.subarray(this.starts[index], this.ends[index]))
  }

  /** Whether a quoted token follows the one before without a blank: `key="value"`. */
  isGlued(index: number): boolean {
    return (
      index > 0 &&
      this.quotes[index] === 1 &&
      this.starts[index]! - 1 === this.ends[index - 1]! &&
      this.quotes[index - 1] === 0
    )
  }

  /** Returns the offset behind the entry. */
  #scanEntry(): number {
    const { bytes } = this
    let at = this.#next
    let depth = 0
    let opened = 0
    while (at < bytes.length) {
      const byte = bytes[at]!
      if (byte === NEWLINE) {
        this.#line++
        at++
        if (depth === 0) return at
        if (at - this.#entryStart > MAX_ENTRY_BYTES) return this.#giveUp(opened)
      } else if (isBlank(byte)) at++
      else if (byte === SEMICOLON) at = this.#lineEnd(at)
      else if (byte === OPEN) {
        if (depth++ === 0) opened = at
        at++
      } else if (byte === CLOSE) {
        if (depth === 0) this.#fail('this ) closes nothing', at)
        else depth--
        at++
      } else at = byte === QUOTE ? this.#quotedToken(at) : this.#word(at)
    }
    if (depth > 0) this.#fail('this ( is never closed', opened)
    return at
  }

  /** Takes a word; returns the offset behind it. */
  #word(at: number): number {
    const end = this.#wordEnd(at)
    this.#add(at, end, 0)
    return end
  }

  /** Takes a text in quotes; a quoted string that does not end takes the rest of its line. */
  #quotedToken(at: number): number {
    const end = this.#quoteEnd(at + 1)
    if (end < 0) {
      this.#fail('this quoted string does not end on its line', at)
      return this.#lineEnd(at)
    }
    this.#add(at + 1, end, 1)
    return end + 1
  }

  /** The first fault of an entry is kept, and the entry read to its end. */
  #fail(message: string, offset: number): void {
    this.fault ??= { message, offset }
  }

  #add(start: number, end: number, isQuoted: 0 | 1): void {
    const isLong = end - this.#entryStart > MAX_ENTRY_BYTES
    if (isLong)
      this.#fail(`a record has more than ${MAX_ENTRY_BYTES} bytes of text`, this.#entryStart)
    else if (this.count === MAX_ENTRY_TOKENS)
      this.#fail(`a record has more than ${MAX_ENTRY_TOKENS} words`, start - isQuoted)
    else {
      if (this.count === this.starts.length) this.#grow()
      this.starts[this.count] = start
      this.ends[this.count] = end
      this.quotes[this.count++] = isQuoted
    }
  }

  #grow(): void {
    const size = 2 * this.starts.length
    const starts = new Int32Array(size)
    const ends = new Int32Array(size)
    const quotes = new Uint8Array(size)
    starts.set(this.starts)
    ends.set(this.ends)
    quotes.set(this.quotes)
    this.starts = starts
    this.ends = ends
    this.quotes = quotes
  }

  #lineEnd(at: number): number {
    const end = this.bytes.indexOf(NEWLINE, at)
    return end < 0 ? this.bytes.length : end
  }

  /** Where the parenthesis should have been closed is anybody's guess: the rest is not read. */
  #giveUp(opened: number): number {
    this.#fail(`this ( is not closed within ${MAX_ENTRY_BYTES} bytes`, opened)
    return this.bytes.length
  }

  #quoteEnd(from: number): number {
    const { bytes } = this
    for (let at = from; at < bytes.length; at++) {
      const byte = bytes[at]!
      if (byte === QUOTE) return at
      if (byte === NEWLINE) return -1
      if (byte === BACKSLASH && bytes[at + 1] !== NEWLINE) at++
    }
    return -1
  }

  #wordEnd(from: number): number {
    const { bytes } = this
    let at = from
    for (; at < bytes.length; at++) {
      const byte = bytes[at]!
      if (byte > SEMICOLON && byte !== BACKSLASH) continue
      if (byte === BACKSLASH) {
        if (bytes[at + 1] !== NEWLINE && bytes[at + 1] !== RETURN) at++
        continue
      }
      if (
        isBlank(byte) ||
        byte === NEWLINE ||
        byte === SEMICOLON ||
        byte === OPEN ||
        byte === CLOSE ||
        byte === QUOTE
      )
        break
    }
    return Math.min(at, bytes.length)
  }
}
