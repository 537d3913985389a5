// Messages as objects, for plugins that want them: decoded by dns-packet at first use. No other
// file imports dns-packet. It does not know all types and reads labels as UTF-8, so messages that
// are relayed never go through it.

import { Buffer } from 'node:buffer'
import type DnsPacket from 'dns-packet'
import { loadPackage } from '../base/program.ts'
import type { RcodeName } from '../wire/rcodes.ts'
import { typeToText } from '../wire/rrtypes.ts'
import { messageOf, ServerError } from './errors.ts'

/** A record as dns-packet has it. Names have no dot at the end; the root is `.`. */
interface RecordOf<Type extends string, Data> {
  readonly name: string
  readonly type: Type
  /** `IN` if absent. */
  readonly class?: string
  /** Seconds; 0 if absent. */
  readonly ttl?: number
  readonly data: Data
}

export interface MxData {
  readonly preference?: number
  readonly exchange: string
}

export interface SrvData {
  readonly priority?: number
  readonly weight?: number
  readonly port: number
  readonly target: string
}

/** `refresh`, `retry`, `expire` and `minimum` are seconds. */
export interface SoaData {
  readonly mname: string
  readonly rname: string
  readonly serial?: number
  readonly refresh?: number
  readonly retry?: number
  readonly expire?: number
  readonly minimum?: number
}

export interface CaaData {
  readonly flags?: number
  readonly issuerCritical?: boolean
  readonly tag: string
  readonly value: string
}

export interface NaptrData {
  readonly order: number
  readonly preference: number
  readonly flags: string
  readonly services: string
  readonly regexp: string
  readonly replacement: string
}

export interface HinfoData {
  readonly cpu: string
  readonly os: string
}

export interface RpData {
  readonly mbox: string
  readonly txt: string
}

export interface DsData {
  readonly keyTag: number
  readonly algorithm: number
  readonly digestType: number
  readonly digest: Uint8Array
}

export interface DnskeyData {
  readonly flags: number
  readonly algorithm: number
  readonly key: Uint8Array
}

/** `fingerprint` is in hex. */
export interface SshfpData {
  readonly algorithm: number
  readonly hash: number
  readonly fingerprint: string
}

export interface TlsaData {
  readonly usage: number
  readonly selector: number
  readonly matchingType: number
  readonly certificate: Uint8Array
}

/** `originalTTL` is seconds, `expiration` and `inception` are seconds since 1970. */
export interface RrsigData {
  readonly typeCovered: string
  readonly algorithm: number
  readonly labels: number
  readonly originalTTL: number
  readonly expiration: number
  readonly inception: number
  readonly keyTag: number
  readonly signersName: string
  readonly signature: Uint8Array
}

export interface NsecData {
  readonly nextDomain: string
  readonly rrtypes: readonly string[]
}

export interface Nsec3Data {
  readonly algorithm: number
  readonly flags: number
  readonly iterations: number
  readonly salt: Uint8Array
  readonly nextDomain: Uint8Array
  readonly rrtypes: readonly string[]
}

/** Types whose data dns-packet does not decode: bytes in wire form. */
export type PlainType =
  | 'AFSDB'
  | 'APL'
  | 'CDNSKEY'
  | 'CDS'
  | 'CERT'
  | 'DHCID'
  | 'HIP'
  | 'HTTPS'
  | 'IPSECKEY'
  | 'KEY'
  | 'KX'
  | 'LOC'
  | 'NSEC3PARAM'
  | 'NULL'
  | 'OPENPGPKEY'
  | 'SIG'
  | 'SMIMEA'
  | 'SPF'
  | 'SVCB'
  | 'URI'
  | `TYPE${number}`

/** A record of an answer, told apart by its `type`. */
export type MessageRecord =
  | RecordOf<'A' | 'AAAA' | 'CNAME' | 'DNAME' | 'NS' | 'PTR', string>
  | RecordOf<'TXT', string | Uint8Array | readonly (string | Uint8Array)[]>
  | RecordOf<'MX', MxData>
  | RecordOf<'SRV', SrvData>
  | RecordOf<'SOA', SoaData>
  | RecordOf<'CAA', CaaData>
  | RecordOf<'NAPTR', NaptrData>
  | RecordOf<'HINFO', HinfoData>
  | RecordOf<'RP', RpData>
  | RecordOf<'DS', DsData>
  | RecordOf<'DNSKEY', DnskeyData>
  | RecordOf<'SSHFP', SshfpData>
  | RecordOf<'TLSA', TlsaData>
  | RecordOf<'RRSIG', RrsigData>
  | RecordOf<'NSEC', NsecData>
  | RecordOf<'NSEC3', Nsec3Data>
  | RecordOf<PlainType, Uint8Array>

/** A decoded record has all fields. */
export type ReadRecord = MessageRecord & { readonly class: string; readonly ttl: number }

export interface OptOption {
  readonly code: number
  /** `NSID`, `CLIENT_SUBNET`, … */
  readonly type: string
  readonly data: Uint8Array
}

/** The OPT record (RFC 6891), among the additional ones. */
export interface OptRecord {
  readonly name: '.'
  readonly type: 'OPT'
  readonly udpPayloadSize: number
  /** The upper eight bits of the rcode. */
  readonly extendedRcode: number
  readonly ednsVersion: number
  readonly flags: number
  readonly flag_do: boolean
  readonly options: readonly OptOption[]
}

export interface MessageQuestion {
  readonly name: string
  readonly type: string
  readonly class: string
}

/** A decoded message, frozen. */
export interface Message {
  readonly id: number
  readonly type: 'query' | 'response'
  /** The second header word without QR. */
  readonly flags: number
  readonly flag_qr: boolean
  readonly flag_aa: boolean
  readonly flag_tc: boolean
  readonly flag_rd: boolean
  readonly flag_ra: boolean
  readonly flag_z: boolean
  readonly flag_ad: boolean
  readonly flag_cd: boolean
  /** `QUERY`, `NOTIFY`, … */
  readonly opcode: string
  /** The header's four bits; `reply.rcode` is the whole. */
  readonly rcode: RcodeName | `RCODE_${number}`
  readonly questions: readonly MessageQuestion[]
  readonly answers: readonly ReadRecord[]
  readonly authorities: readonly ReadRecord[]
  readonly additionals: readonly (ReadRecord | OptRecord)[]
}

let dnsPacket: typeof DnsPacket | undefined
/** Loads synchronously, which only CommonJS allows, and only when it is needed. */
const loadDnsPacket = () => loadPackage<typeof DnsPacket>('dns-packet')

/**
 * Decodes a message. The bytes are copied first, so that they cannot be changed through the object.
 * Throws a ServerError for bytes that dns-packet cannot read.
 */
export const decodeMessage = (bytes: Uint8Array): Message => {
  dnsPacket ??= loadDnsPacket()
  try {
    return frozen(dnsPacket.decode(Buffer.from(bytes))) as unknown as Message
  } catch (cause) {
    const why = `dns-packet cannot read a message of ${bytes.length} bytes: ${messageOf(cause)}`
    throw new ServerError('UNREADABLE_MESSAGE', why, undefined, { cause })
  }
}

/** Types and classes in dns-packet's objects for which it has no names. */
const UNKNOWN = /^UNKNOWN_(\d+)$/

/** Frozen, all the way down; Buffers cannot be. Types of later RFCs get their names. */
const frozen = (value: unknown): unknown => {
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return value
  const fields = value as Record<string, unknown>
  for (const key of Object.keys(fields)) {
    const field = fields[key]
    if (typeof field !== 'string') frozen(field)
    else if (key === 'type') fields[key] = withName(field)
  }
  return Object.freeze(value)
}

const withName = (type: string): string => {
  const [, number] = UNKNOWN.exec(type) ?? []
  return number === undefined ? type : typeToText(Number(number))
}

/** Decoded messages, by their query or reply. */
const read = new WeakMap<object, Message>()

/** An empty message, for SILENCE: its readers find no records. */
const NO_MESSAGE = new Uint8Array(12).with(2, 0x80)

/** The message of a query or a reply: read once, at first use, and kept as long as that lives. */
export const readMessage = (of: { readonly bytes: Uint8Array }): Message => {
  let message = read.get(of)
  if (message === undefined) {
    message = decodeMessage(of.bytes.length === 0 ? NO_MESSAGE : of.bytes)
    read.set(of, message)
  }
  return message
}
