// The small upstream of the golden cases, as README.md describes it: answers from a file that is
// read again for every question.

import { readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import type { RecordData } from '../../src/chain/answer/answer.ts'
import { EDNS_DO, type Edns, forEachOption, makeOption, readEdns } from '../../src/wire/edns.ts'
import {
  FLAG_AA,
  FLAG_AD,
  FLAG_CD,
  FLAG_QR,
  FLAG_RA,
  FLAG_RD,
  FLAG_TC,
  getFlags,
  getId,
  opcodeOf,
} from '../../src/wire/header.ts'
import { readLayout } from '../../src/wire/layout.ts'
import { NameCursor, NO_POINTERS, namesEqual, nameToText } from '../../src/wire/name.ts'
import { type Question, readQuestion } from '../../src/wire/question.ts'
import { RCODE_NXDOMAIN, RCODE_REFUSED, rcodeFromText } from '../../src/wire/rcodes.ts'
import { walkRdata } from '../../src/wire/rdata-shape.ts'
import {
  CLASS_IN,
  classToText,
  TYPE_AXFR,
  TYPE_CNAME,
  TYPE_IXFR,
  TYPE_SOA,
  TYPE_TXT,
  typeToText,
} from '../../src/wire/rrtypes.ts'
import { MessageWriter } from '../../src/wire/writer.ts'
import { type Asked, type FakeUpstream, fakeUpstream } from '../fakes/fake-upstream.ts'
import { recordFromText } from '../support/zone-text.ts'

const OPCODE_NOTIFY = 4
const SIZE = 1232
const PLAIN_UDP_SIZE = 512
const MAX_LINKS = 9
const FLAG_WORDS: readonly (readonly [number, string])[] = [
  [FLAG_QR, 'QR'],
  [FLAG_AA, 'AA'],
  [FLAG_TC, 'TC'],
  [FLAG_RD, 'RD'],
  [FLAG_RA, 'RA'],
  [FLAG_AD, 'AD'],
  [FLAG_CD, 'CD'],
]

interface Zone {
  readonly records: readonly (RecordData & { readonly name: string })[]
  /** `NAME TYPE` to the words of the action. */
  readonly rules: ReadonlyMap<string, readonly string[]>
}

interface Answer {
  rcode: number
  answer: RecordData[]
  authority: RecordData[]
  /** Of the OPT record; undefined: one if the query has one. */
  options?: Uint8Array
}

/** Names in lower case, with their dot. */
const readZone = (path: string): Zone => {
  const lines = readFileSync(path, 'utf8').split('\n')
  const told = lines.map(line => line.trim()).filter(line => line !== '' && !line.startsWith(';'))
  const records = told.filter(line => !line.startsWith('!')).map(recordFromText)
  const rules = told.filter(line => line.startsWith('!')).map(line => line.split(/\s+/).slice(1))
  return {
    records: records.map(record => ({ ...record, name: nameToText(record.owner).toLowerCase() })),
    rules: new Map(
      rules.map(([name = '', type, ...action]) => [`${name.toLowerCase()} ${type}`, action]),
    ),
  }
}

const isAtOrBelow = (name: string, zone: string): boolean =>
  name === zone || zone === '.' || name.endsWith(`.${zone}`)

const parentOf = (name: string): string => name.slice(name.indexOf('.') + 1) || '.'

/** Listens on 127.0.0.1 until the test ends. */
export const startGoldenUpstream = (path: string): Promise<FakeUpstream> => {
  const counts = new Map<string, number>()
  const notified = new Set<string>()
  return fakeUpstream(asked => void new Exchange(asked, path, counts, notified).answer())
}

class Exchange {
  readonly #asked: Asked
  readonly #path: string
  readonly #counts: Map<string, number>
  readonly #notified: Set<string>
  readonly #question: Question
  readonly #edns: Edns | undefined
  readonly #name: string
  readonly #type: string

  constructor(asked: Asked, path: string, counts: Map<string, number>, notified: Set<string>) {
    const { bytes } = asked
    const layout = readLayout(bytes)
    const question = readQuestion(bytes)
    const edns = layout && readEdns(bytes, layout)
    if (question === undefined || edns === 'malformed')
      throw new Error('the server sent what is no query')
    this.#asked = asked
    this.#path = path
    this.#counts = counts
    this.#notified = notified
    this.#question = question
    this.#edns = edns
    this.#name = nameToText(question.wire).toLowerCase()
    this.#type = typeToText(question.type)
  }

  async answer(): Promise<void> {
    const { bytes, transport } = this.#asked
    const found: Answer = { rcode: 0, answer: [], authority: [] }
    if (opcodeOf(getFlags(bytes, 0)) === OPCODE_NOTIFY) {
      this.#notified.add(nameToText(this.#question.wire))
      return this.#send(found)
    }
    const zone = readZone(this.#path)
    const isTransfer = [TYPE_AXFR, TYPE_IXFR].includes(this.#question.type) && transport === 'tcp'
    if (isTransfer) return this.#send(this.#transfer(zone, found))
    const counted = `${this.#name} ${this.#type}`
    this.#counts.set(counted, (this.#counts.get(counted) ?? 0) + 1)
    if (isAtOrBelow(this.#name, 'echo.') || this.#name === 'notified.echo.')
      return this.#send(this.#echo(found))
    const [action, argument = '', data = ''] =
      zone.rules.get(counted) ?? zone.rules.get(`${this.#name} *`) ?? []
    if (action === 'drop') return
    if (action === 'rcode') return this.#send({ ...found, rcode: rcodeFromText(argument) ?? 0 })
    if (action === 'truncate') return this.#send(found, transport === 'udp')
    if (action === 'option')
      return this.#send({
        ...found,
        options: makeOption(Number(argument), Uint8Array.fromHex(data)),
      })
    if (action === 'delay') await sleep(1000 * Number(argument))
    this.#send(this.#lookUp(zone, found))
  }

  #lookUp({ records }: Zone, found: Answer): Answer {
    const { type, wire } = this.#question
    let name = this.#name
    let isThere = false
    let isAnswered = false
    for (let link = 0; link < MAX_LINKS; link++) {
      const here = records.filter(record => record.name === name)
      const matching = here.filter(record => record.type === type || this.#type === 'ANY')
      const aliases = here.filter(record => record.type === TYPE_CNAME)
      isThere = here.length > 0
      isAnswered = matching.length > 0
      const shown = isAnswered ? matching : aliases
      found.answer.push(
        ...shown.map(record => (name === this.#name ? { ...record, owner: wire } : record)),
      )
      const alias = aliases[0]
      if (isAnswered || alias === undefined) break
      name = nameToText(alias.rdata).toLowerCase()
    }
    if (isAnswered) return found
    const soa = soaAbove(records, name)
    if (soa !== undefined) {
      found.authority.push(soa)
      if (!isThere && !records.some(record => isAtOrBelow(record.name, name)))
        found.rcode = RCODE_NXDOMAIN
    } else if (found.answer.length === 0) found.rcode = RCODE_REFUSED
    return found
  }

  #transfer({ records }: Zone, found: Answer): Answer {
    const soa = soaAbove(records, this.#name)
    if (soa === undefined || soa.name !== this.#name) return { ...found, rcode: RCODE_REFUSED }
    const rest = records.filter(record => record !== soa && isAtOrBelow(record.name, this.#name))
    return { ...found, answer: [soa, ...rest, soa] }
  }

  #echo(found: Answer): Answer {
    const isAsked = this.#question.type === TYPE_TXT
    if (this.#name === 'notified.echo.')
      return this.#texts(found, 0, CLASS_IN, [...this.#notified].sort())
    if (isAtOrBelow(this.#name, 'asked.echo.') && isAsked) {
      const wanted = this.#name === 'asked.echo.' ? '@' : this.#name.slice(0, -'asked.echo.'.length)
      const counts = [...this.#counts].sort().filter(([key]) => key.startsWith(`${wanted} `))
      return this.#texts(
        found,
        0,
        CLASS_IN,
        counts.map(([key, count]) => `${key}=${count}`),
      )
    }
    return isAsked || this.#type === 'ANY'
      ? this.#texts(found, 60, this.#question.class, this.#description())
      : found
  }

  #description(): string[] {
    const { bytes, transport } = this.#asked
    const options: string[] = []
    const edns = this.#edns
    if (edns !== undefined)
      forEachOption(bytes, edns, (code, data) => options.push(` ${code}:${data.toHex()}`))
    const flags = FLAG_WORDS.flatMap(([bit, word]) => (getFlags(bytes, 0) & bit ? [word] : []))
    return [
      `name=${nameToText(this.#question.wire)}`,
      `type=${this.#type}`,
      `class=${classToText(this.#question.class)}`,
      `flags=${flags.join(' ')}`,
      `opt=${edns === undefined ? 'none' : `size=${edns.udpSize} do=${Number(edns.do)}${options.join('')}`}`,
      `via=${transport}`,
    ]
  }

  #texts(found: Answer, ttlSeconds: number, cls: number, texts: readonly string[]): Answer {
    const strings = (texts.length === 0 ? ['none'] : texts).map(text => `"${text}"`)
    // No zone file has ANY or NONE for a class.
    const record = recordFromText(`. ${ttlSeconds} IN TXT ${strings.join(' ')}`)
    return { ...found, answer: [{ ...record, class: cls, owner: this.#question.wire }] }
  }

  #send(found: Answer, isTruncated = false): void {
    const limit =
      this.#asked.transport === 'tcp'
        ? Number.POSITIVE_INFINITY
        : Math.max(PLAIN_UDP_SIZE, this.#edns?.udpSize ?? 0)
    const whole = this.#message(found, isTruncated)
    const isWhole = whole.length <= limit
    this.#asked.send(isWhole ? whole : this.#message({ ...found, answer: [], authority: [] }, true))
  }

  #message({ rcode, answer, authority, options }: Answer, isTruncated: boolean): Uint8Array {
    const { bytes } = this.#asked
    const writer = new MessageWriter()
    writer.compress = true
    const copied = getFlags(bytes, 0) & (FLAG_RD | FLAG_CD | 0x7800)
    writer.header(
      getId(bytes, 0),
      FLAG_QR | FLAG_AA | FLAG_RA | copied | (isTruncated ? FLAG_TC : 0) | rcode,
    )
    writer.question(this.#question.wire, this.#question.type, this.#question.class)
    for (const [section, records] of [answer, authority].entries())
      for (const { owner, type, class: cls = CLASS_IN, ttlSeconds, rdata } of records)
        writer.record(
          section as 0 | 1,
          this.#respelt(owner),
          type,
          cls,
          ttlSeconds,
          this.#respeltRdata(type, rdata),
        )
    if (this.#edns !== undefined || options !== undefined) {
      const flags = options === undefined && this.#edns?.do ? EDNS_DO : 0
      writer.opt({
        udpSize: SIZE,
        extendedRcode: 0,
        version: 0,
        flags,
        options: options ?? new Uint8Array(),
      })
    }
    return writer.finish()
  }

  /**
   * The recordings' upstream compressed names without looking at letters: a shared end of a name
   * has the question's.
   */
  #respelt(name: Uint8Array): Uint8Array {
    const { wire } = this.#question
    for (let at = 0; at < name.length; at += name[at]! + 1)
      for (let from = 0; from < wire.length; from += wire[from]! + 1)
        if (namesEqual(name.subarray(at), wire.subarray(from)))
          return Buffer.concat([name.subarray(0, at), wire.subarray(from)])
    return name
  }

  #respeltRdata(type: number, rdata: Uint8Array): Uint8Array {
    const parts: Uint8Array[] = []
    const visitor = {
      rdataBytes: (bytes: Uint8Array, from: number, to: number) =>
        parts.push(bytes.subarray(from, to)) > 0,
      rdataName: (
        bytes: Uint8Array,
        offset: number,
        { length }: NameCursor,
        isCompressible: boolean,
      ) => {
        const name = bytes.subarray(offset, offset + length)
        return parts.push(isCompressible ? this.#respelt(name) : name) > 0
      },
    }
    walkRdata(rdata, 0, rdata.length, NO_POINTERS, type, new NameCursor(), visitor)
    return Buffer.concat(parts)
  }
}

const soaAbove = (records: Zone['records'], name: string): Zone['records'][number] | undefined => {
  for (let zone = name; ; zone = parentOf(zone)) {
    const soa = records.find(record => record.name === zone && record.type === TYPE_SOA)
    if (soa !== undefined || zone === '.') return soa
  }
}
