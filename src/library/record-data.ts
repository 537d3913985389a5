// Records as authors write them (dns-packet's objects, lines of a zone file) to the wire's. What is
// wrong is a Misfit, which says where.

import { isIPv4, isIPv6 } from 'node:net'
import { given } from '../base/text/given.ts'
import type { RecordData } from '../chain/answer/answer.ts'
import type { MessageRecord, PlainType, ReadRecord } from '../chain/message.ts'
import { NameCursor } from '../wire/name.ts'
import { rdataA, rdataAaaa } from '../wire/rdata.ts'
import { isWellFormedRdata } from '../wire/rdata-shape.ts'
import * as rr from '../wire/rrtypes.ts'
import { isMetaType, recordFromText } from '../zone/record-text.ts'
import { DATA_FIELDS, type DataField, nameOf, stringOf } from './data-fields.ts'
import { checkFields, Misfit } from './misfit.ts'

/** Types whose data may be written as in a zone file: all but TXT, whose string is the text. */
type WrittenType = Exclude<MessageRecord['type'], 'TXT'> | PlainType

interface WrittenRecord {
  readonly name: string
  readonly type: WrittenType
  readonly class?: string
  readonly ttl?: number
  /** As in a zone file: `10 mail.example.org.` of an MX record. */
  readonly data: string
}

/** One record: an object, a line of a zone file, or wire form. */
export type RecordInput = string | MessageRecord | ReadRecord | WrittenRecord | RecordData

const FIELDS: ReadonlySet<string> = new Set(['name', 'type', 'class', 'ttl', 'data', 'flush'])
/** What dns-packet calls a type or class by that it has no name for. */
const UNKNOWN = /^UNKNOWN_/
const MOST_U16 = 0xffff
const MOST_SECONDS = 0xffff_ffff
const NAMES = new Set([rr.TYPE_CNAME, rr.TYPE_DNAME, rr.TYPE_NS, rr.TYPE_PTR])

const cursor = new NameCursor()

/** The record in wire form. Throws a Misfit. */
export const recordData = (input: RecordInput): RecordData => {
  if (typeof input === 'string') return recordOfLine(input)
  if (typeof input !== 'object' || input === null)
    throw new Misfit('', `${given(input)} is no record`)
  if ('owner' in input) return checkedWire(input)
  checkFields(input, '', FIELDS)
  const { name, type, class: cls = 'IN', ttl = 0, data } = input
  const number = typeOf(type)
  return {
    owner: nameOf(name, '.name'),
    type: number,
    class: classOf(cls),
    ttlSeconds: secondsOf(ttl),
    rdata: rdataOf(number, data),
  }
}

const recordOfLine = (line: string): RecordData => {
  const record = recordFromText(line, { ttlSeconds: 0 })
  if (typeof record === 'string')
    throw new Misfit('', `${given(line)} is no line of a zone file: ${record}`)
  return record
}

/** Trusted but for what a slip may leave out: it is what other parts of the program make. */
const checkedWire = (record: RecordData): RecordData => {
  if (!(record.owner instanceof Uint8Array)) throw new Misfit('.owner', 'it is no name in bytes')
  if (!Number.isInteger(record.type)) throw new Misfit('.type', `${given(record.type)} is no type`)
  secondsOf(record.ttlSeconds, '.ttlSeconds')
  if (!(record.rdata instanceof Uint8Array)) throw new Misfit('.rdata', 'it is no bytes')
  return record
}

const isU16 = (value: unknown): value is number =>
  typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= MOST_U16

/** The number of a mnemonic in any case, of `TYPEn`, or the number itself. */
const typeOf = (type: unknown): number => {
  const number =
    typeof type === 'string'
      ? rr.typeFromText(type.toUpperCase().replace(UNKNOWN, 'TYPE'))
      : isU16(type)
        ? type
        : undefined
  if (number === undefined) throw new Misfit('.type', `${given(type)} is no type`)
  if (number === rr.TYPE_OPT)
    throw new Misfit('.type', 'the OPT record is given by `opt`, beside the records')
  if (isMetaType(number))
    throw new Misfit('.type', `${given(type)} is not a type that records have`)
  return number
}

const classOf = (cls: unknown): number => {
  const number =
    typeof cls === 'string'
      ? rr.classFromText(cls.toUpperCase().replace(UNKNOWN, 'CLASS'))
      : isU16(cls)
        ? cls
        : undefined
  if (number === undefined) throw new Misfit('.class', `${given(cls)} is no class`)
  return number
}

const secondsOf = (seconds: unknown, place = '.ttl'): number => {
  if (typeof seconds !== 'number' || !(seconds >= 0 && seconds <= MOST_SECONDS))
    throw new Misfit(place, `${given(seconds)} must be seconds, 0 to ${MOST_SECONDS}`)
  return seconds
}

const rdataOf = (type: number, data: unknown): Uint8Array => {
  if (data instanceof Uint8Array && type !== rr.TYPE_TXT) return checkedRdata(type, data)
  if (type === rr.TYPE_TXT) return stringsOf(data)
  if (type === rr.TYPE_A) return addressOf(data, isIPv4, rdataA, 'IPv4')
  if (type === rr.TYPE_AAAA) return addressOf(data, isIPv6, rdataAaaa, 'IPv6')
  if (NAMES.has(type)) return nameOf(data, '.data')
  if (typeof data === 'string') return writtenRdata(type, data)
  const fields = DATA_FIELDS.get(type)
  if (fields !== undefined) return fieldsOf(fields, data)
  const what = 'neither bytes nor a text as in a zone file'
  throw new Misfit('.data', `${given(data)} is ${what}`)
}

const checkedRdata = (type: number, data: Uint8Array): Uint8Array => {
  if (!isWellFormedRdata(data, type, cursor))
    throw new Misfit('.data', `the bytes are no data of type ${rr.typeToText(type)}`)
  return data
}

const addressOf = (
  data: unknown,
  is: (text: string) => boolean,
  make: (text: string) => Uint8Array,
  kind: string,
): Uint8Array => {
  if (typeof data !== 'string' || !is(data) || data.includes('%'))
    throw new Misfit('.data', `${given(data)} is no ${kind} address`)
  return make(data)
}

const stringsOf = (data: unknown): Uint8Array => {
  if (!Array.isArray(data)) return stringOf(data, '.data')
  if (data.length === 0) throw new Misfit('.data', 'a TXT record has one string at least')
  return Buffer.concat(Array.from(data, (string, index) => stringOf(string, `.data[${index}]`)))
}

/** The data as a zone file has them. */
const writtenRdata = (type: number, data: string): Uint8Array => {
  const record = recordFromText(`. 0 IN ${rr.typeToText(type)} ${data}`)
  if (typeof record === 'string') throw new Misfit('.data', record)
  return record.rdata
}

const fieldsOf = (fields: readonly DataField[], data: unknown): Uint8Array => {
  checkFields(data, '.data', new Set(fields.flatMap(({ names }) => names)))
  const held = data as Readonly<Record<string, unknown>>
  return Buffer.concat(fields.map(field => field.write(held)))
}
