// One record between its line of text and wire form: `example.org. 300 IN A 192.0.2.1`. The grammar
// in front of the data is that of a master file's entry (RFC 1035 section 5.1); class and TTL may
// stand in either order.

import { nameToText } from '../wire/name.ts'
import { CLASS_IN, classFromText, classToText, typeFromText, typeToText } from '../wire/rrtypes.ts'
import { RdataReader } from './rdata-reader.ts'
import { rdataText, readRdata } from './rdata-text.ts'
import { Scanner } from './scanner.ts'
import { NO_TTL, readTtl, TTL_TOO_LARGE } from './ttl-text.ts'
import { quoted } from './zone-problem.ts'

/** A record that stands by itself. */
export interface ZoneRecord {
  /** Wire form without pointers. */
  readonly owner: Uint8Array
  readonly type: number
  readonly class: number
  readonly ttlSeconds: number
  /** Wire form; names in it without pointers. */
  readonly rdata: Uint8Array
}

/** What stands between the owner and the data of an entry. */
export class EntryHead {
  type = 0
  class = CLASS_IN
  hasClass = false
  /** -1 if none is written. */
  ttlSeconds = NO_TTL
}

/** Types of questions and of messages, which no record of a zone has (RFC 6895 section 3.1). */
export const isMetaType = (type: number): boolean =>
  type === 0 || type === 41 || (type >= 128 && type <= 255) || type === 65535

/**
 * The words of TTL, class and type that were met before, by their text: most files use a handful.
 */
const TYPES = new Map<string, number | undefined>()

const typeOf = (text: string): number | undefined => {
  if (text.length > 12) return undefined
  if (TYPES.size < 1000 && !TYPES.has(text)) TYPES.set(text, typeFromText(text.toUpperCase()))
  return TYPES.has(text) ? TYPES.get(text) : typeFromText(text.toUpperCase())
}

const takeType = (reader: RdataReader, head: EntryHead, index: number, type: number): boolean => {
  if (isMetaType(type)) return reader.failAt(index, 'is not a type that records have')
  head.type = type
  return true
}

/**
 * Reads TTL, class and type from the token that the reader is at; false, with a problem, if there
 * is none or a wrong one.
 */
export const readHead = (reader: RdataReader, head: EntryHead): boolean => {
  const { scanner } = reader
  head.class = CLASS_IN
  head.hasClass = false
  head.ttlSeconds = NO_TTL
  for (;;) {
    const index = reader.take('a record type')
    if (index < 0) return false
    if (scanner.quotes[index] === 1) return reader.failAt(index, 'is not a record type')
    const text = scanner.text(index)
    const type = typeOf(text)
    if (type !== undefined) return takeType(reader, head, index, type)
    const cls = head.hasClass ? undefined : classFromText(text.toUpperCase())
    if (cls !== undefined) {
      head.class = cls
      head.hasClass = true
      continue
    }
    if (head.ttlSeconds >= 0) return reader.failAt(index, 'is not a record type')
    const ttl = readTtl(scanner.bytes, scanner.starts[index]!, scanner.ends[index]!)
    if (ttl >= 0) head.ttlSeconds = ttl
    else return failAsTtl(reader, index, ttl, head.hasClass)
  }
}

const failAsTtl = (reader: RdataReader, index: number, ttl: number, hasClass: boolean): false => {
  const { scanner } = reader
  if (ttl === TTL_TOO_LARGE)
    return reader.fail(`TTL ${quoted(scanner.shown(index))} is more than 32 bits hold`, index)
  const isLikeTtl = /^\d/.test(scanner.text(index))
  if (isLikeTtl)
    return reader.fail(`TTL ${quoted(scanner.shown(index))} is not a number with units`, index)
  return reader.failAt(
    index,
    hasClass ? 'is neither a TTL nor a record type' : 'is neither a TTL, a class nor a record type',
  )
}

const UTF8 = new TextEncoder()
const ROOT = new Uint8Array(1)

export interface RecordTextOptions {
  /** Names without a trailing dot are relative to it; the root by default. */
  readonly origin?: Uint8Array
  /** Of a text without one: 3600 by default, as in CoreDNS. */
  readonly ttlSeconds?: number
}

/**
 * With the line breaks of quoted strings escaped. A zone file has none there, since a quote that is
 * forgotten would swallow the rest; in a text that is one record they are meant, as in CoreDNS.
 */
const withoutQuotedBreaks = (text: string): string =>
  text.includes('\n')
    ? text.replace(/"(?:[^"\\]|\\.)*"/gs, part => part.replaceAll('\n', '\\010'))
    : text

/** The record of a text that holds exactly one; a plain sentence if it does not. */
export const recordFromText = (
  text: string,
  { origin = ROOT, ttlSeconds = 3600 }: RecordTextOptions = {},
): ZoneRecord | string => {
  const scanner = new Scanner(UTF8.encode(withoutQuotedBreaks(text)))
  const reader = new RdataReader(scanner, origin)
  const head = new EntryHead()
  while (scanner.next() && scanner.count === 0 && scanner.fault === undefined);
  if (scanner.fault !== undefined) return scanner.fault.message
  if (scanner.count === 0) return 'there is no record'
  const name = new Uint8Array(256)
  const length = reader.nameAt(0, name, 0)
  if (scanner.isIndented || length < 0) return `${quoted(scanner.shown(0))} is not a name`
  reader.start(1)
  if (!readHead(reader, head) || !readRdata(reader, head.type))
    return reader.problem?.message ?? 'the record is wrong'
  while (scanner.next())
    if (scanner.count > 0 || scanner.fault !== undefined) return 'there is more than one record'
  return {
    owner: name.slice(0, length),
    type: head.type,
    class: head.class,
    ttlSeconds: head.ttlSeconds >= 0 ? head.ttlSeconds : ttlSeconds,
    rdata: reader.rdata.slice(),
  }
}

/** An owner as it may begin a line of a master file, where a dollar would begin a directive. */
const ownerText = (owner: Uint8Array): string => {
  const text = nameToText(owner)
  return text.startsWith('$') ? `\\${text}` : text
}

/** `example.org. 300 IN A 192.0.2.1`, with absolute names. */
export const recordText = ({ owner, type, class: cls, ttlSeconds, rdata }: ZoneRecord): string =>
  `${ownerText(owner)} ${ttlSeconds} ${classToText(cls)} ${typeToText(type)} ${rdataText(rdata, 0, rdata.length, type)}`
