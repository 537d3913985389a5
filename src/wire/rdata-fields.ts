// What the rdata of each record type consists of: the one table from which the places of names
// (rdata-shape.ts) and the presentation form both ways (zone/rdata-text.ts) come. Types that are
// not listed, such as NULL, have opaque rdata, which is written in the form of RFC 3597 only.

import * as rr from './rrtypes.ts'

/** One field of rdata: how it lies on the wire, and how it is written. */
export type Field =
  /** A name of a type of RFC 1035: compressed on output. */
  | 'name'
  /** A name of a newer type: read with pointers, written without (RFC 3597 section 4). */
  | 'plain-name'
  | 'u8'
  | 'u16'
  | 'u32'
  /** Seconds, 32 bits; may be written with units. */
  | 'period'
  /** Seconds since 1970, 32 bits; written YYYYMMDDHHMMSS. */
  | 'time'
  /** A record type, 16 bits. */
  | 'type'
  /** A DNSSEC algorithm, 8 bits, written as a number; and the same written as a mnemonic. */
  | 'algorithm'
  | 'named-algorithm'
  | 'cert-type'
  | 'ipv4'
  | 'ipv6'
  | 'eui48'
  | 'eui64'
  /** 64 bits as four groups of hex digits; a locator in capitals, a node id in small letters. */
  | 'node-id'
  | 'locator'
  /** A character-string: a length byte and its bytes. */
  | 'string'
  /** The same, which may be left out of the text and then is empty. */
  | 'string-or-empty'
  /** The same, which may be absent on the wire too. */
  | 'string-or-none'
  /** A character-string that is written without quotes; the second a decimal number. */
  | 'word'
  | 'decimal'
  /** Character-strings to the end, at least one. */
  | 'strings'
  /** One quoted text to the end, without a length byte. */
  | 'octets'
  /** To the end, in hex digits; capitals, or small letters. */
  | 'hex'
  | 'small-hex'
  /** To the end, in base64; the second may be empty. */
  | 'base64'
  | 'base64-or-none'
  /** A length byte and bytes in hex, `-` for none. */
  | 'salt'
  /** A length byte and bytes in base32hex (RFC 5155 section 3.3). */
  | 'hash'
  /**
   * A bitmap of types in windows (RFC 4034 section 4.1.2); the old bitmap of NXT (RFC 2535 section
   * 5.2).
   */
  | 'types'
  | 'old-types'
  /** SvcParams (RFC 9460 section 2.1). */
  | 'params'
  /** Address prefixes (RFC 3123). */
  | 'prefixes'
  /** The whole of LOC (RFC 1876). */
  | 'location'
  /**
   * IPSECKEY's precedence, types and gateway (RFC 4025); AMTRELAY's precedence and relay (RFC
   * 8777).
   */
  | 'gateway'
  | 'relay'
  /** The whole of HIP (RFC 8005). */
  | 'host-identity'
  /** To the end, without a presentation form. */
  | 'opaque'

const DELEGATION_SIGNER = ['u16', 'algorithm', 'u8', 'hex'] as const
const PUBLIC_KEY = ['u16', 'u8', 'algorithm', 'base64'] as const
const SIGNATURE = [
  'type',
  'algorithm',
  'u8',
  'u32',
  'time',
  'time',
  'u16',
  'plain-name',
  'base64',
] as const
const CERTIFICATE = ['u8', 'u8', 'u8', 'small-hex'] as const
const SERVICE = ['u16', 'plain-name', 'params'] as const

const FIELDS: ReadonlyMap<number, readonly Field[]> = new Map<number, readonly Field[]>([
  [rr.TYPE_A, ['ipv4']],
  [rr.TYPE_NS, ['name']],
  [rr.TYPE_MD, ['name']],
  [rr.TYPE_MF, ['name']],
  [rr.TYPE_CNAME, ['name']],
  [rr.TYPE_SOA, ['name', 'name', 'u32', 'period', 'period', 'period', 'period']],
  [rr.TYPE_MB, ['name']],
  [rr.TYPE_MG, ['name']],
  [rr.TYPE_MR, ['name']],
  [rr.TYPE_PTR, ['name']],
  [rr.TYPE_HINFO, ['string', 'string-or-empty']],
  [rr.TYPE_MINFO, ['name', 'name']],
  [rr.TYPE_MX, ['u16', 'name']],
  [rr.TYPE_TXT, ['strings']],
  [rr.TYPE_RP, ['plain-name', 'plain-name']],
  [rr.TYPE_AFSDB, ['u16', 'plain-name']],
  [rr.TYPE_X25, ['word']],
  [rr.TYPE_ISDN, ['string', 'string-or-none']],
  [rr.TYPE_RT, ['u16', 'plain-name']],
  [rr.TYPE_NSAP_PTR, ['plain-name']],
  [rr.TYPE_SIG, SIGNATURE],
  [rr.TYPE_KEY, ['u16', 'u8', 'algorithm', 'base64-or-none']],
  [rr.TYPE_PX, ['u16', 'plain-name', 'plain-name']],
  [rr.TYPE_GPOS, ['decimal', 'decimal', 'decimal']],
  [rr.TYPE_AAAA, ['ipv6']],
  [rr.TYPE_LOC, ['location']],
  [rr.TYPE_NXT, ['plain-name', 'old-types']],
  [rr.TYPE_EID, ['small-hex']],
  [rr.TYPE_NIMLOC, ['small-hex']],
  [rr.TYPE_SRV, ['u16', 'u16', 'u16', 'plain-name']],
  [rr.TYPE_NAPTR, ['u16', 'u16', 'string', 'string', 'string', 'plain-name']],
  [rr.TYPE_KX, ['u16', 'plain-name']],
  [rr.TYPE_CERT, ['cert-type', 'u16', 'named-algorithm', 'base64']],
  [rr.TYPE_DNAME, ['plain-name']],
  [rr.TYPE_APL, ['prefixes']],
  [rr.TYPE_DS, DELEGATION_SIGNER],
  [rr.TYPE_SSHFP, ['u8', 'u8', 'hex']],
  [rr.TYPE_IPSECKEY, ['gateway', 'base64-or-none']],
  [rr.TYPE_RRSIG, SIGNATURE],
  [rr.TYPE_NSEC, ['plain-name', 'types']],
  [rr.TYPE_DNSKEY, PUBLIC_KEY],
  [rr.TYPE_DHCID, ['base64']],
  [rr.TYPE_NSEC3, ['u8', 'u8', 'u16', 'salt', 'hash', 'types']],
  [rr.TYPE_NSEC3PARAM, ['u8', 'u8', 'u16', 'salt']],
  [rr.TYPE_TLSA, CERTIFICATE],
  [rr.TYPE_SMIMEA, CERTIFICATE],
  [rr.TYPE_HIP, ['host-identity']],
  [rr.TYPE_NINFO, ['strings']],
  [rr.TYPE_RKEY, PUBLIC_KEY],
  [rr.TYPE_TALINK, ['plain-name', 'plain-name']],
  [rr.TYPE_CDS, DELEGATION_SIGNER],
  [rr.TYPE_CDNSKEY, PUBLIC_KEY],
  [rr.TYPE_OPENPGPKEY, ['base64']],
  [rr.TYPE_CSYNC, ['u32', 'u16', 'types']],
  [rr.TYPE_ZONEMD, ['u32', 'u8', 'u8', 'hex']],
  [rr.TYPE_SVCB, SERVICE],
  [rr.TYPE_HTTPS, SERVICE],
  [rr.TYPE_SPF, ['strings']],
  [rr.TYPE_UINFO, ['string']],
  [rr.TYPE_UID, ['u32']],
  [rr.TYPE_GID, ['u32']],
  [rr.TYPE_NID, ['u16', 'node-id']],
  [rr.TYPE_L32, ['u16', 'ipv4']],
  [rr.TYPE_L64, ['u16', 'locator']],
  [rr.TYPE_LP, ['u16', 'plain-name']],
  [rr.TYPE_EUI48, ['eui48']],
  [rr.TYPE_EUI64, ['eui64']],
  [rr.TYPE_TKEY, ['plain-name', 'opaque']],
  [rr.TYPE_TSIG, ['plain-name', 'opaque']],
  [rr.TYPE_URI, ['u16', 'u16', 'octets']],
  [rr.TYPE_CAA, ['u8', 'word', 'octets']],
  [rr.TYPE_AVC, ['strings']],
  [rr.TYPE_AMTRELAY, ['relay']],
  [rr.TYPE_RESINFO, ['strings']],
  [rr.TYPE_TA, DELEGATION_SIGNER],
  [rr.TYPE_DLV, DELEGATION_SIGNER],
])

/** The fields of a type's rdata in order; undefined for a type whose rdata is opaque. */
export const fieldsOf = (type: number): readonly Field[] | undefined => FIELDS.get(type)

/** Types that have a table entry. */
export const typesWithFields = (): Iterable<number> => FIELDS.keys()

/**
 * Bytes of the fields that always have as many; all others run to where their content says, or to
 * the end.
 */
export const FIELD_SIZES: Readonly<Partial<Record<Field, number>>> = {
  u8: 1,
  u16: 2,
  u32: 4,
  period: 4,
  time: 4,
  type: 2,
  algorithm: 1,
  'named-algorithm': 1,
  'cert-type': 2,
  ipv4: 4,
  ipv6: 16,
  eui48: 6,
  eui64: 8,
  'node-id': 8,
  locator: 8,
  location: 16,
}
