// Queries and replies for tests, made from text and shown as text.

import type { ListenerRef, Peer, Transport } from '../../src/chain/query/query.ts'
import { Query } from '../../src/chain/query/query.ts'
import { isDatagram } from '../../src/chain/query/transport.ts'
import { Reply } from '../../src/chain/reply/reply.ts'
import { Streams } from '../../src/chain/reply/stream.ts'
import { forEachOption, makeOption, readEdns } from '../../src/wire/edns.ts'
import {
  FLAG_AA,
  FLAG_AD,
  FLAG_CD,
  FLAG_QR,
  FLAG_RA,
  FLAG_RD,
  FLAG_TC,
  FLAG_Z,
  getFlags,
  getId,
  getQdcount,
  opcodeOf,
} from '../../src/wire/header.ts'
import { readLayout } from '../../src/wire/layout.ts'
import { nameFromText, nameToText } from '../../src/wire/name.ts'
import { readQuestion } from '../../src/wire/question.ts'
import { rcodeFromText, rcodeToText } from '../../src/wire/rcodes.ts'
import { CLASS_IN, classToText, typeFromText, typeToText } from '../../src/wire/rrtypes.ts'
import { MessageWriter, type Section } from '../../src/wire/writer.ts'
import { recordFromText, recordToText } from './zone-text.ts'

/** An EDNS option: its code and its data in hex. */
export interface OptionText {
  readonly code: number
  readonly data: string
}

export interface QueryOptions {
  readonly id?: number
  /** Default true. */
  readonly rd?: boolean
  readonly cd?: boolean
  readonly ad?: boolean
  readonly opcode?: number
  readonly class?: number
  /**
   * An OPT record is added if one of `do`, `udpSize` (else 1232), `version`, `options` is given.
   */
  readonly do?: boolean
  readonly udpSize?: number
  readonly version?: number
  readonly options?: readonly OptionText[]
  /** Records that a query should not have. */
  readonly additional?: readonly string[]
  /** An AXFR or IXFR over anything but datagrams may be answered with several messages. */
  readonly transport?: Transport
  /** Address, or address and port; default 192.0.2.53 and 40000. */
  readonly client?: string | Peer
  readonly local?: Peer
  readonly listener?: ListenerRef
  readonly view?: string
  readonly receivedMs?: number
}

/** The query a client would send: `name` in the case given, `type` a mnemonic or TYPEn. */
export const query = (name: string, type = 'A', options: QueryOptions = {}): Query => {
  const bytes = queryBytes(name, type, options)
  const question = readQuestion(bytes)
  const layout = readLayout(bytes)
  const edns = layout && readEdns(bytes, layout)
  if (question === undefined || edns === 'malformed')
    throw new Error(`not a query: ${name} ${type}`)
  const { transport = 'udp', listener = { index: 0, label: 'dns://:53' }, receivedMs = 0 } = options
  const local: Peer = options.local ?? { address: '192.0.2.1', port: 53, family: 4 }
  const made = new Query({
    bytes,
    question,
    edns,
    transport,
    client: peer(options.client),
    local,
    listener,
    receivedMs,
    streams: isDatagram(transport) ? undefined : new Streams(),
  })
  made.view = options.view ?? ''
  return made
}

const peer = (client: string | Peer = '192.0.2.53'): Peer =>
  typeof client === 'string'
    ? { address: client, port: 40000, family: client.includes(':') ? 6 : 4 }
    : client

const queryBytes = (name: string, type: string, options: QueryOptions): Uint8Array => {
  const wire = nameFromText(name)
  const typeNumber = typeFromText(type)
  if (wire === undefined || typeNumber === undefined)
    throw new Error(`not a question: ${name} ${type}`)
  const writer = new MessageWriter()
  const flags =
    ((options.opcode ?? 0) << 11) |
    (options.rd === false ? 0 : FLAG_RD) |
    (options.cd ? FLAG_CD : 0) |
    (options.ad ? FLAG_AD : 0)
  writer.header(options.id ?? 0x1234, flags)
  writer.question(wire, typeNumber, options.class ?? CLASS_IN)
  for (const text of options.additional ?? []) writeRecord(writer, 2, text)
  const { udpSize = 1232, version = 0 } = options
  if (
    options.do !== undefined ||
    options.udpSize !== undefined ||
    options.version !== undefined ||
    options.options !== undefined
  ) {
    writer.opt({
      udpSize,
      extendedRcode: 0,
      version,
      flags: options.do ? 0x8000 : 0,
      options: optionBytes(options.options),
    })
  }
  return writer.finish()
}

const writeRecord = (writer: MessageWriter, section: Section, line: string): void => {
  const { owner, type, class: cls = CLASS_IN, ttlSeconds, rdata } = recordFromText(line)
  if (!writer.record(section, owner, type, cls, ttlSeconds, rdata))
    throw new Error('the message is over 65535 bytes')
}

/** Options in wire form, as MessageWriter.opt takes them. */
export const optionBytes = (options: readonly OptionText[] = []): Uint8Array => {
  const parts = options.map(({ code, data }) => makeOption(code, Uint8Array.fromHex(data)))
  return new Uint8Array(Buffer.concat(parts))
}

export interface ReplyOptions {
  /** Mnemonic or number; default NOERROR. Above 15 needs `opt`. */
  readonly rcode?: string | number
  readonly aa?: boolean
  readonly tc?: boolean
  readonly ra?: boolean
  readonly ad?: boolean
  /** Records as zone-file text. */
  readonly answer?: readonly string[]
  readonly authority?: readonly string[]
  readonly additional?: readonly string[]
  readonly opt?: {
    readonly udpSize?: number
    readonly do?: boolean
    readonly options?: readonly OptionText[]
  }
}

/**
 * What an upstream, or the next plugin, might answer: id, question, RD and CD of the query. Names
 * are compressed.
 */
export const replyTo = (request: Query, options: ReplyOptions = {}): Reply =>
  new Reply(replyBytes(request, options))

/** The bytes of `replyTo`. */
export const replyBytes = (request: Query, options: ReplyOptions = {}): Uint8Array => {
  const { rcode = 'NOERROR', opt } = options
  const code = typeof rcode === 'number' ? rcode : rcodeFromText(rcode)
  if (code === undefined) throw new Error(`not an rcode: ${rcode}`)
  const writer = new MessageWriter()
  writer.compress = true
  const copied = request.flags & (FLAG_RD | FLAG_CD | 0x7800)
  const own =
    (options.aa ? FLAG_AA : 0) |
    (options.tc ? FLAG_TC : 0) |
    (options.ra ? FLAG_RA : 0) |
    (options.ad ? FLAG_AD : 0)
  writer.header(request.id, FLAG_QR | copied | own | (code & 15))
  writer.question(request.question.wire, request.question.type, request.question.class)
  for (const [section, lines] of [
    options.answer,
    options.authority,
    options.additional,
  ].entries()) {
    for (const line of lines ?? []) writeRecord(writer, section as Section, line)
  }
  if (opt !== undefined) {
    const flags = opt.do ? 0x8000 : 0
    writer.opt({
      udpSize: opt.udpSize ?? 1232,
      extendedRcode: code >> 4,
      version: 0,
      flags,
      options: optionBytes(opt.options),
    })
  }
  return writer.finish()
}

export interface Shown {
  readonly id: number
  readonly opcode: number
  /** Mnemonic, extended bits of OPT included: `NXDOMAIN`. */
  readonly rcode: string
  /** Those set, in this order: `qr aa tc rd ra z ad cd`. */
  readonly flags: string
  /** `Example.org. IN A`, in the case of the message; '' without question. */
  readonly question: string
  readonly answer: readonly string[]
  readonly authority: readonly string[]
  /** Without OPT. */
  readonly additional: readonly string[]
  readonly edns:
    | {
        readonly udpSize: number
        readonly do: boolean
        readonly version: number
        readonly options: readonly OptionText[]
      }
    | undefined
}

const FLAG_NAMES: readonly (readonly [number, string])[] = [
  [FLAG_QR, 'qr'],
  [FLAG_AA, 'aa'],
  [FLAG_TC, 'tc'],
  [FLAG_RD, 'rd'],
  [FLAG_RA, 'ra'],
  [FLAG_Z, 'z'],
  [FLAG_AD, 'ad'],
  [FLAG_CD, 'cd'],
]

/** A reply (or the bytes of any message) as text. Throws for silence and for malformed messages. */
export const show = (reply: Reply | Uint8Array): Shown => {
  const bytes = reply instanceof Reply ? reply.bytes : reply
  const layout = readLayout(bytes)
  if (layout === undefined)
    throw new Error(
      bytes.length === 0 ? 'silence has nothing to show' : 'not a well-formed message',
    )
  const sections: [string[], string[], string[]] = [[], [], []]
  for (let index = 0; index < layout.count; index++) {
    if (index !== layout.optIndex)
      sections[layout.sectionOf(index)].push(recordToText(bytes, layout, index))
  }
  const edns = readEdns(bytes, layout)
  if (edns === 'malformed') throw new Error('the message has a malformed OPT record')
  const options: OptionText[] = []
  if (edns !== undefined) {
    forEachOption(bytes, edns, (code, data) => {
      options.push({ code, data: data.toHex() })
    })
  }
  const flags = getFlags(bytes, 0)
  return {
    id: getId(bytes, 0),
    opcode: opcodeOf(flags),
    rcode: rcodeToText((flags & 15) | ((edns?.extendedRcode ?? 0) << 4)),
    flags: FLAG_NAMES.flatMap(([bit, name]) => (flags & bit ? [name] : [])).join(' '),
    question: questionText(bytes),
    answer: sections[0],
    authority: sections[1],
    additional: sections[2],
    edns: edns && { udpSize: edns.udpSize, do: edns.do, version: edns.version, options },
  }
}

const questionText = (bytes: Uint8Array): string => {
  const question = getQdcount(bytes, 0) === 0 ? undefined : readQuestion(bytes)
  return question === undefined
    ? ''
    : `${nameToText(question.wire)} ${classToText(question.class)} ${typeToText(question.type)}`
}
