// Reads the hosts file format (hosts(5)) in pieces, as they come from the disk. Only the present
// word is kept in memory. As in CoreDNS, lines that are not valid are ignored.

import { parseIp, withoutZone } from '../../base/ip.ts'
import { foldByte, MAX_LABEL_SIZE, MAX_NAME_SIZE, NameView, nameFromText } from '../../wire/name.ts'
import { ZoneIndex } from '../../wire/zone-index.ts'
import { readDottedQuad } from './dotted-quad.ts'

/** Receives the entries in the order of the file. */
export interface EntrySink {
  /**
   * The address has four bytes or sixteen, and does not change later. The name is the first
   * `length` bytes of `name`. It is in lower case and in one of the zones.
   */
  entry(address: Uint8Array, name: Uint8Array, length: number): void
}

/** Longer words are ignored. A line has the same limit in CoreDNS. */
const MAX_WORD_BYTES = 64 * 1024

const NEWLINE = 0x0a
const HASH = 0x23
const DOT = 0x2e
const BACKSLASH = 0x5c

/** Kinds of bytes. White space (the ASCII part of `\s`) ends words. */
const PLAIN = 0
const BLANK = 1
const LINE_END = 2
const COMMENT = 3
/**
 * Escapes and characters outside ASCII, some of which are white space. Words with such bytes are
 * read as text.
 */
const PECULIAR = 4
const CLASSES = new Uint8Array(256)
for (const blank of ' \t\v\f\r') CLASSES[blank.charCodeAt(0)] = BLANK
CLASSES[NEWLINE] = LINE_END
CLASSES[HASH] = COMMENT
CLASSES[BACKSLASH] = PECULIAR
CLASSES.fill(PECULIAR, 0x80)

export class HostsReader {
  readonly #sink: EntrySink
  readonly #zones: ZoneIndex
  #word = new Uint8Array(1024)
  #length = 0
  #isPeculiar = false
  /** Whether the rest of the line is a comment. */
  #isComment = false
  /** Whether the line has no address yet. */
  #isStart = true
  /** The address of the line. Undefined if the first word is none. */
  #address: Uint8Array | undefined
  /** Long lists have the same address in line after line, so it is read once. */
  #lastWord = new Uint8Array(0)
  #lastAddress: Uint8Array | undefined
  readonly #name = new Uint8Array(MAX_NAME_SIZE + 1)
  readonly #view = new NameView(this.#name, 0)

  constructor(zones: readonly string[], sink: EntrySink) {
    this.#sink = sink
    this.#zones = ZoneIndex.fromText(zones)
  }

  /** Reads the next `length` bytes of the file. */
  read(bytes: Uint8Array, length: number): void {
    let at = 0
    while (at < length) {
      const start = at
      while (at < length && CLASSES[bytes[at] ?? 0] === PLAIN) at++
      if (at > start) this.#append(bytes, start, at)
      if (at === length) return
      const byte = bytes[at++] ?? 0
      const what = CLASSES[byte]
      if (what === LINE_END) this.#endLine()
      else if (what === BLANK) this.#endWord()
      else if (what === COMMENT) {
        this.#endWord()
        this.#isComment = true
      } else {
        this.#append(bytes, at - 1, at)
        this.#isPeculiar = true
      }
    }
  }

  /** The file has ended; another one may follow. */
  end(): void {
    this.#endLine()
  }

  #append(bytes: Uint8Array, start: number, end: number): void {
    if (this.#isComment) return
    const length = Math.min(this.#length + end - start, MAX_WORD_BYTES)
    if (length > this.#word.length) {
      const larger = new Uint8Array(Math.max(length, 2 * this.#word.length))
      larger.set(this.#word)
      this.#word = larger
    }
    const word = this.#word
    for (let at = start, to = this.#length; to < length; at++, to++) word[to] = bytes[at] ?? 0
    this.#length = length
  }

  #endLine(): void {
    this.#endWord()
    this.#isComment = false
    this.#isStart = true
    this.#address = undefined
  }

  #endWord(): void {
    const length = this.#length
    if (length === 0) return
    const isPeculiar = this.#isPeculiar
    this.#length = 0
    this.#isPeculiar = false
    if (length === MAX_WORD_BYTES) this.#isStart = false
    else if (isPeculiar) this.#readText(Buffer.from(this.#word.buffer, 0, length).toString('utf8'))
    else if (this.#isStart) this.#setAddress(length)
    else if (this.#address !== undefined) this.#giveName(readName(this.#word, length, this.#name))
  }

  /** Reads a word as text. It may be several words, since white space exists outside ASCII. */
  #readText(text: string): void {
    for (const word of text.split(/\s+/)) {
      if (word === '') continue
      if (this.#isStart) this.#startLine(parseIp(withoutZone(word))?.bytes)
      else if (this.#address !== undefined) {
        const wire = nameFromText(word.toLowerCase())
        if (wire === undefined) continue
        this.#name.set(wire)
        this.#giveName(wire.length)
      }
    }
  }

  #setAddress(length: number): void {
    const word = this.#word
    let at = 0
    if (length === this.#lastWord.length)
      while (at < length && word[at] === this.#lastWord[at]) at++
    if (at < length) {
      this.#lastWord = word.slice(0, length)
      this.#lastAddress =
        readDottedQuad(word, length) ??
        parseIp(withoutZone(Buffer.from(this.#lastWord).toString('latin1')))?.bytes
    }
    this.#startLine(this.#lastAddress)
  }

  #startLine(address: Uint8Array | undefined): void {
    this.#isStart = false
    this.#address = address
  }

  /** Gives a name to the sink. `length` is 0 for what is no name. */
  #giveName(length: number): void {
    if (length === 0 || this.#address === undefined || !this.#isInZone(length)) return
    this.#sink.entry(this.#address, this.#name, length)
  }

  #isInZone(length: number): boolean {
    this.#view.length = length
    return this.#zones.holds(this.#view)
  }
}

/**
 * Writes the wire form of a name without escapes, in lower case. Returns its length, or 0 for what
 * is no name. The same as nameFromText, without a string.
 */
const readName = (text: Uint8Array, length: number, out: Uint8Array): number => {
  if (length >= MAX_NAME_SIZE) return 0
  let labelAt = 0
  let to = 1
  for (let at = 0; at < length; at++) {
    const byte = text[at] ?? 0
    if (byte !== DOT) {
      out[to++] = foldByte(byte)
      continue
    }
    const size = to - labelAt - 1
    if (size === 0) return length === 1 ? rootIn(out) : 0
    if (size > MAX_LABEL_SIZE) return 0
    out[labelAt] = size
    labelAt = to++
  }
  const size = to - labelAt - 1
  out[labelAt] = size
  // After a trailing dot the empty label is the root.
  if (size === 0) return to
  out[to] = 0
  return size > MAX_LABEL_SIZE || to >= MAX_NAME_SIZE ? 0 : to + 1
}

const rootIn = (out: Uint8Array): number => {
  out[0] = 0
  return 1
}
