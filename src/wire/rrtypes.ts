// Numbers and mnemonics of record types and classes (IANA; RFC 3597 for the unknown ones), spelt as
// miekg/dns spells them.

export const TYPE_A = 1
export const TYPE_NS = 2
export const TYPE_MD = 3
export const TYPE_MF = 4
export const TYPE_CNAME = 5
export const TYPE_SOA = 6
export const TYPE_MB = 7
export const TYPE_MG = 8
export const TYPE_MR = 9
export const TYPE_NULL = 10
export const TYPE_PTR = 12
export const TYPE_HINFO = 13
export const TYPE_MINFO = 14
export const TYPE_MX = 15
export const TYPE_TXT = 16
export const TYPE_RP = 17
export const TYPE_AFSDB = 18
export const TYPE_X25 = 19
export const TYPE_ISDN = 20
export const TYPE_RT = 21
export const TYPE_NSAP_PTR = 23
export const TYPE_SIG = 24
export const TYPE_KEY = 25
export const TYPE_PX = 26
export const TYPE_GPOS = 27
export const TYPE_AAAA = 28
export const TYPE_LOC = 29
export const TYPE_NXT = 30
export const TYPE_EID = 31
export const TYPE_NIMLOC = 32
export const TYPE_SRV = 33
export const TYPE_ATMA = 34
export const TYPE_NAPTR = 35
export const TYPE_KX = 36
export const TYPE_CERT = 37
export const TYPE_DNAME = 39
export const TYPE_OPT = 41
export const TYPE_APL = 42
export const TYPE_DS = 43
export const TYPE_SSHFP = 44
export const TYPE_IPSECKEY = 45
export const TYPE_RRSIG = 46
export const TYPE_NSEC = 47
export const TYPE_DNSKEY = 48
export const TYPE_DHCID = 49
export const TYPE_NSEC3 = 50
export const TYPE_NSEC3PARAM = 51
export const TYPE_TLSA = 52
export const TYPE_SMIMEA = 53
export const TYPE_HIP = 55
export const TYPE_NINFO = 56
export const TYPE_RKEY = 57
export const TYPE_TALINK = 58
export const TYPE_CDS = 59
export const TYPE_CDNSKEY = 60
export const TYPE_OPENPGPKEY = 61
export const TYPE_CSYNC = 62
export const TYPE_ZONEMD = 63
export const TYPE_SVCB = 64
export const TYPE_HTTPS = 65
export const TYPE_SPF = 99
export const TYPE_UINFO = 100
export const TYPE_UID = 101
export const TYPE_GID = 102
export const TYPE_UNSPEC = 103
export const TYPE_NID = 104
export const TYPE_L32 = 105
export const TYPE_L64 = 106
export const TYPE_LP = 107
export const TYPE_EUI48 = 108
export const TYPE_EUI64 = 109
export const TYPE_NXNAME = 128
export const TYPE_TKEY = 249
export const TYPE_TSIG = 250
export const TYPE_IXFR = 251
export const TYPE_AXFR = 252
export const TYPE_MAILB = 253
export const TYPE_MAILA = 254
export const TYPE_ANY = 255
export const TYPE_URI = 256
export const TYPE_CAA = 257
export const TYPE_AVC = 258
export const TYPE_AMTRELAY = 260
export const TYPE_RESINFO = 261
export const TYPE_TA = 32768
export const TYPE_DLV = 32769

export const CLASS_IN = 1
export const CLASS_CS = 2
export const CLASS_CH = 3
export const CLASS_HS = 4
export const CLASS_NONE = 254
export const CLASS_ANY = 255

const TYPE_TEXTS: ReadonlyMap<number, string> = new Map([
  [0, 'None'],
  [TYPE_A, 'A'],
  [TYPE_NS, 'NS'],
  [TYPE_MD, 'MD'],
  [TYPE_MF, 'MF'],
  [TYPE_CNAME, 'CNAME'],
  [TYPE_SOA, 'SOA'],
  [TYPE_MB, 'MB'],
  [TYPE_MG, 'MG'],
  [TYPE_MR, 'MR'],
  [TYPE_NULL, 'NULL'],
  [TYPE_PTR, 'PTR'],
  [TYPE_HINFO, 'HINFO'],
  [TYPE_MINFO, 'MINFO'],
  [TYPE_MX, 'MX'],
  [TYPE_TXT, 'TXT'],
  [TYPE_RP, 'RP'],
  [TYPE_AFSDB, 'AFSDB'],
  [TYPE_X25, 'X25'],
  [TYPE_ISDN, 'ISDN'],
  [TYPE_RT, 'RT'],
  [TYPE_NSAP_PTR, 'NSAP-PTR'],
  [TYPE_SIG, 'SIG'],
  [TYPE_KEY, 'KEY'],
  [TYPE_PX, 'PX'],
  [TYPE_GPOS, 'GPOS'],
  [TYPE_AAAA, 'AAAA'],
  [TYPE_LOC, 'LOC'],
  [TYPE_NXT, 'NXT'],
  [TYPE_EID, 'EID'],
  [TYPE_NIMLOC, 'NIMLOC'],
  [TYPE_SRV, 'SRV'],
  [TYPE_ATMA, 'ATMA'],
  [TYPE_NAPTR, 'NAPTR'],
  [TYPE_KX, 'KX'],
  [TYPE_CERT, 'CERT'],
  [TYPE_DNAME, 'DNAME'],
  [TYPE_OPT, 'OPT'],
  [TYPE_APL, 'APL'],
  [TYPE_DS, 'DS'],
  [TYPE_SSHFP, 'SSHFP'],
  [TYPE_IPSECKEY, 'IPSECKEY'],
  [TYPE_RRSIG, 'RRSIG'],
  [TYPE_NSEC, 'NSEC'],
  [TYPE_DNSKEY, 'DNSKEY'],
  [TYPE_DHCID, 'DHCID'],
  [TYPE_NSEC3, 'NSEC3'],
  [TYPE_NSEC3PARAM, 'NSEC3PARAM'],
  [TYPE_TLSA, 'TLSA'],
  [TYPE_SMIMEA, 'SMIMEA'],
  [TYPE_HIP, 'HIP'],
  [TYPE_NINFO, 'NINFO'],
  [TYPE_RKEY, 'RKEY'],
  [TYPE_TALINK, 'TALINK'],
  [TYPE_CDS, 'CDS'],
  [TYPE_CDNSKEY, 'CDNSKEY'],
  [TYPE_OPENPGPKEY, 'OPENPGPKEY'],
  [TYPE_CSYNC, 'CSYNC'],
  [TYPE_ZONEMD, 'ZONEMD'],
  [TYPE_SVCB, 'SVCB'],
  [TYPE_HTTPS, 'HTTPS'],
  [TYPE_SPF, 'SPF'],
  [TYPE_UINFO, 'UINFO'],
  [TYPE_UID, 'UID'],
  [TYPE_GID, 'GID'],
  [TYPE_UNSPEC, 'UNSPEC'],
  [TYPE_NID, 'NID'],
  [TYPE_L32, 'L32'],
  [TYPE_L64, 'L64'],
  [TYPE_LP, 'LP'],
  [TYPE_EUI48, 'EUI48'],
  [TYPE_EUI64, 'EUI64'],
  [TYPE_NXNAME, 'NXNAME'],
  [TYPE_TKEY, 'TKEY'],
  [TYPE_TSIG, 'TSIG'],
  [TYPE_IXFR, 'IXFR'],
  [TYPE_AXFR, 'AXFR'],
  [TYPE_MAILB, 'MAILB'],
  [TYPE_MAILA, 'MAILA'],
  [TYPE_ANY, 'ANY'],
  [TYPE_URI, 'URI'],
  [TYPE_CAA, 'CAA'],
  [TYPE_AVC, 'AVC'],
  [TYPE_AMTRELAY, 'AMTRELAY'],
  [TYPE_RESINFO, 'RESINFO'],
  [TYPE_TA, 'TA'],
  [TYPE_DLV, 'DLV'],
  [65535, 'Reserved'],
])

const CLASS_TEXTS: ReadonlyMap<number, string> = new Map([
  [CLASS_IN, 'IN'],
  [CLASS_CS, 'CS'],
  [CLASS_CH, 'CH'],
  [CLASS_HS, 'HS'],
  [CLASS_NONE, 'NONE'],
  [CLASS_ANY, 'ANY'],
])

const inverse = (texts: ReadonlyMap<number, string>): ReadonlyMap<string, number> =>
  new Map([...texts].map(([number, text]): [string, number] => [text, number]))

const TYPE_NUMBERS = inverse(TYPE_TEXTS)
const CLASS_NUMBERS = inverse(CLASS_TEXTS)

const numbered = (text: string, prefix: string): number | undefined => {
  if (!text.startsWith(prefix)) return undefined
  const digits = text.slice(prefix.length)
  if (!/^[0-9]{1,5}$/.test(digits)) return undefined
  const number = Number(digits)
  return number <= 0xffff ? number : undefined
}

/** `AAAA` for 28, `TYPE65280` for a type without a mnemonic. */
export const typeToText = (type: number): string => TYPE_TEXTS.get(type) ?? `TYPE${type}`

/** The number of an upper-case mnemonic or of `TYPEn`. */
export const typeFromText = (text: string): number | undefined =>
  TYPE_NUMBERS.get(text) ?? numbered(text, 'TYPE')

/** `IN` for 1, `CLASS5` for a class without a mnemonic. */
export const classToText = (cls: number): string => CLASS_TEXTS.get(cls) ?? `CLASS${cls}`

/** The number of an upper-case mnemonic or of `CLASSn`. */
export const classFromText = (text: string): number | undefined =>
  CLASS_NUMBERS.get(text) ?? numbered(text, 'CLASS')
