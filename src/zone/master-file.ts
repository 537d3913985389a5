// Master files (RFC 1035 section 5, RFC 2308 section 4 for $TTL): directives and entries, of a file
// and of those that it includes, become records in wire form. Reading is cut in slices, so that a
// zone of a million records does not block its thread. It goes on after an error, so that all
// errors are found.

import { posix } from 'node:path'
import { type GenerateRange, GenerateTemplate, rangeFromText } from './generate.ts'
import { RdataReader } from './rdata-reader.ts'
import { readRdata } from './rdata-text.ts'
import { EntryHead, readHead } from './record-text.ts'
import { type ScanFault, Scanner } from './scanner.ts'
import { NO_TTL, readTtl } from './ttl-text.ts'
import { quoted, type ZoneProblem } from './zone-problem.ts'

/** Files within files, as in CoreDNS. */
export const MAX_INCLUDE_DEPTH = 7
/** Files included in all: each of seven levels may include many. */
export const MAX_INCLUDES = 10_000
/** Problems that a parser reports before it gives up. */
export const MAX_PROBLEMS = 100
/** Text that `parseSlice` reads by default: some milliseconds. */
export const SLICE_BYTES = 64 * 1024
/**
 * What the entries of $GENERATE have that neither $TTL nor an entry before gives one: miekg/dns's.
 */
const GENERATED_TTL_SECONDS = 3600

/**
 * Takes the records of a file in order. `owner` and `rdata` are valid during the call. A sentence
 * that it returns is a problem with the record.
 */
export type RecordSink = (
  owner: Uint8Array,
  type: number,
  cls: number,
  ttlSeconds: number,
  rdata: Uint8Array,
) => string | undefined

export interface MasterFileOptions {
  /** The path of the file: named in problems; paths of $INCLUDE are relative to its folder. */
  readonly file: string
  /** Wire form. */
  readonly origin: Uint8Array
  readonly text: string | Uint8Array
  readonly record: RecordSink
  /**
   * Gives the content of a file that $INCLUDE names; what it throws becomes a problem. Without it
   * $INCLUDE is one.
   */
  readonly readFile?: (path: string) => string | Uint8Array
}

interface GenerateRun {
  /**
   * What the entries are read as: owners and TTLs that they have are not those of the file around
   * them.
   */
  readonly entries: OpenFile
  readonly template: GenerateTemplate
  readonly range: GenerateRange
  /** Where the directive stands. */
  readonly line: number
  readonly column: number
  next: number
}

/** A file that is being read. */
interface OpenFile {
  readonly path: string
  readonly scanner: Scanner
  origin: Uint8Array
  /**
   * The owner of the entry before: wire form, of `ownerLength` bytes; 0 before the first, -1 if it
   * was no name.
   */
  readonly owner: Uint8Array
  ownerLength: number
  /**
   * Of $TTL, or of the last TTL that was written; -1 before any. What an included file says ends
   * with it.
   */
  ttlSeconds: number
  isTtlByDirective: boolean
  generate?: GenerateRun | undefined
}

const UTF8 = new TextEncoder()

type TtlState = Pick<OpenFile, 'ttlSeconds' | 'isTtlByDirective'>

const NO_TTL_YET: TtlState = { ttlSeconds: NO_TTL, isTtlByDirective: false }

const open = (
  path: string,
  text: string | Uint8Array,
  origin: Uint8Array,
  ttl: TtlState,
): OpenFile => ({
  path,
  ttlSeconds: ttl.ttlSeconds,
  isTtlByDirective: ttl.isTtlByDirective,
  scanner: new Scanner(typeof text === 'string' ? UTF8.encode(text) : text),
  origin,
  owner: new Uint8Array(256),
  ownerLength: 0,
})

export class MasterFileParser {
  readonly problems: ZoneProblem[] = []
  readonly #options: MasterFileOptions
  readonly #files: OpenFile[]
  readonly #reader: RdataReader
  readonly #head = new EntryHead()
  readonly #name = new Uint8Array(256)
  #includes = 0
  #generatedBytes = 0

  constructor(options: MasterFileOptions) {
    this.#options = options
    const file = open(options.file, options.text, options.origin, NO_TTL_YET)
    this.#files = [file]
    this.#reader = new RdataReader(file.scanner, options.origin)
  }

  /** Reads about `bytes` of text; whether all is done. A caller yields between slices. */
  parseSlice(bytes = SLICE_BYTES): boolean {
    let left = bytes
    while (left > 0) {
      const file = this.#files.at(-1)
      if (file === undefined || this.problems.length >= MAX_PROBLEMS) return true
      const from = file.scanner.offset
      this.#generatedBytes = 0
      if (file.generate !== undefined) this.#generated(file, file.generate)
      else if (file.scanner.next()) this.#entry(file, file.scanner)
      else this.#files.pop()
      left -= 1 + file.scanner.offset - from + this.#generatedBytes
    }
    return false
  }

  /** Reads all at once. */
  parse(): readonly ZoneProblem[] {
    while (!this.parseSlice());
    return this.problems
  }

  #fail(file: OpenFile, { message, offset }: ScanFault): void {
    this.problems.push({ file: file.path, ...file.scanner.place(offset), message })
  }

  #entry(file: OpenFile, scanner: Scanner): void {
    if (scanner.fault !== undefined) this.#fail(file, scanner.fault)
    else if (
      scanner.count > 0 &&
      !this.#readEntry(file, scanner) &&
      this.#reader.problem !== undefined
    )
      this.#fail(file, this.#reader.problem)
  }

  #readEntry(file: OpenFile, scanner: Scanner): boolean {
    this.#reader.scanner = scanner
    this.#reader.origin = file.origin
    const isDirective =
      !scanner.isIndented && scanner.quotes[0] === 0 && scanner.bytes[scanner.starts[0]!] === 0x24
    this.#reader.start(isDirective ? 1 : 0)
    return isDirective ? this.#directive(file) : this.#record(file, scanner.isIndented)
  }

  /** Reads an entry that makes a record. */
  #record(file: OpenFile, isOwnerBefore: boolean, defaultTtl = 0): boolean {
    const reader = this.#reader
    const head = this.#head
    if (!isOwnerBefore && !this.#owner(file)) return false
    if (file.ownerLength === 0) return reader.fail('the first record of a file needs an owner', 0)
    if (!readHead(reader, head)) return false
    const ttlSeconds = head.ttlSeconds >= 0 ? head.ttlSeconds : file.ttlSeconds
    // `OWNER TYPE` needs a TTL before it, while `OWNER CLASS TYPE` and ` TYPE` start with 0:
    // miekg/dns's grammar.
    if (ttlSeconds < 0 && defaultTtl === 0 && !isOwnerBefore && !head.hasClass)
      return reader.fail('the record has no TTL, and none stands before it')
    if (!readRdata(reader, head.type)) return false
    if (file.ownerLength < 0) return true
    if (head.ttlSeconds >= 0 && !file.isTtlByDirective) file.ttlSeconds = head.ttlSeconds
    const owner = file.owner.subarray(0, file.ownerLength)
    const ttl = ttlSeconds >= 0 ? ttlSeconds : defaultTtl
    const refusal = this.#options.record(owner, head.type, head.class, ttl, reader.rdata)
    return refusal === undefined || reader.fail(refusal, 0)
  }

  #owner(file: OpenFile): boolean {
    const reader = this.#reader
    const index = reader.take('an owner')
    if (reader.scanner.quotes[index] === 1)
      return reader.failAt(index, 'is not an owner: it stands in quotes')
    const length = reader.nameAt(index, file.owner, 0)
    if (length < 0) {
      file.ownerLength = -1
      return reader.failAt(index, 'is not a name')
    }
    file.ownerLength = length
    return true
  }

  #directive(file: OpenFile): boolean {
    const reader = this.#reader
    switch (reader.scanner.text(0).toUpperCase()) {
      case '$TTL':
        return this.#ttlDirective(file)
      case '$ORIGIN':
        return this.#originDirective(file)
      case '$INCLUDE':
        return this.#includeDirective(file)
      case '$GENERATE':
        return this.#generateDirective(file)
      default:
        return reader.failAt(0, 'is not a directive: $TTL, $ORIGIN, $INCLUDE or $GENERATE')
    }
  }

  #isAtEnd(): boolean {
    const reader = this.#reader
    return !reader.hasMore() || reader.failAt(reader.take(''), 'is more than the directive needs')
  }

  #ttlDirective(file: OpenFile): boolean {
    const reader = this.#reader
    const index = reader.take('a TTL')
    if (index < 0) return false
    const { bytes, starts, ends } = reader.scanner
    const ttl = readTtl(bytes, starts[index]!, ends[index]!)
    if (ttl < 0)
      return reader.fail(
        `TTL ${quoted(reader.scanner.shown(index))} is not a number with units`,
        index,
      )
    if (!this.#isAtEnd()) return false
    file.ttlSeconds = ttl
    file.isTtlByDirective = true
    return true
  }

  /** The name of the next token, as a copy; undefined, with a problem, if it is none. */
  #takeName(what: string): Uint8Array | undefined {
    const reader = this.#reader
    const index = reader.take(what)
    if (index < 0) return undefined
    const length = reader.nameAt(index, this.#name, 0)
    if (length >= 0) return this.#name.slice(0, length)
    reader.failAt(index, 'is not a name')
    return undefined
  }

  #originDirective(file: OpenFile): boolean {
    const origin = this.#takeName('an origin')
    if (origin === undefined || !this.#isAtEnd()) return false
    file.origin = origin
    return true
  }

  #includeDirective(file: OpenFile): boolean {
    const reader = this.#reader
    const index = reader.take('a file')
    if (index < 0) return false
    const named = reader.scanner.shown(index)
    const origin = reader.hasMore() ? this.#takeName('an origin') : file.origin
    if (origin === undefined || !this.#isAtEnd()) return false
    const { readFile } = this.#options
    if (readFile === undefined) return reader.fail('$INCLUDE is not allowed here', 0)
    const path = posix.isAbsolute(named) ? named : posix.join(posix.dirname(file.path), named)
    if (this.#files.some(parent => posix.normalize(parent.path) === posix.normalize(path)))
      return reader.fail(`file ${quoted(path)} includes itself`, index)
    if (this.#files.length > MAX_INCLUDE_DEPTH)
      return reader.fail(`files are included more than ${MAX_INCLUDE_DEPTH} deep`, index)
    if (this.#includes++ === MAX_INCLUDES)
      return reader.fail(`more than ${MAX_INCLUDES} files are included`, index)
    try {
      this.#files.push(open(path, readFile(path), origin, file))
    } catch (error) {
      return reader.fail(
        `file ${quoted(path)} cannot be read: ${error instanceof Error ? error.message : String(error)}`,
        index,
      )
    }
    return true
  }

  #generateDirective(file: OpenFile): boolean {
    const reader = this.#reader
    const { scanner } = reader
    const index = reader.take('a range')
    if (index < 0) return false
    const range = rangeFromText(scanner.text(index))
    if (typeof range === 'string') return reader.fail(quoted(range), index)
    if (!reader.hasMore()) return reader.fail('the entry to generate is missing')
    const words = Array.from({ length: scanner.count - 2 }, (_, i) => {
      const text = scanner.text(i + 2)
      return `${i > 0 && !scanner.isGlued(i + 2) ? ' ' : ''}${scanner.quotes[i + 2] === 1 ? `"${text}"` : text}`
    })
    const template = GenerateTemplate.from(words.join(''), range)
    if (typeof template === 'string') return reader.fail(quoted(template), 2)
    const entries = open(file.path, '', file.origin, file)
    file.generate = {
      entries,
      template,
      range,
      next: range.start,
      ...scanner.place(scanner.shownAt(0)),
    }
    return true
  }

  /**
   * Makes one entry of a $GENERATE. Its problems are shown at the directive, and the first ends it.
   */
  #generated(file: OpenFile, run: GenerateRun): void {
    const reader = this.#reader
    // The text of tokens is one character per byte.
    const bytes = Buffer.from(run.template.fill(run.next), 'latin1')
    this.#generatedBytes = bytes.length
    const scanner = new Scanner(bytes)
    scanner.next()
    reader.scanner = scanner
    reader.origin = file.origin
    reader.start(0)
    const isRecord =
      scanner.fault === undefined &&
      scanner.count > 0 &&
      !scanner.isIndented &&
      scanner.offset === bytes.length
    const isGood = isRecord && this.#record(run.entries, false, GENERATED_TTL_SECONDS)
    if (!isGood) {
      const message = scanner.fault?.message ?? reader.problem?.message ?? 'this is not an entry'
      this.problems.push({
        file: file.path,
        line: run.line,
        column: run.column,
        message: `for ${run.next}: ${message}`,
      })
    }
    run.next += run.range.step
    if (!isGood || run.next > run.range.stop) file.generate = undefined
  }
}
