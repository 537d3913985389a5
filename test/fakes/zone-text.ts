// Zone files made of seeded random numbers, for comparison with other programs: every record type,
// written in the many ways in which a master file can say the same.

export type Below = (below: number) => number

const pick = <T>(below: Below, things: readonly T[]): T => things[below(things.length)]!
const repeat = (count: number, make: () => string): string[] => Array.from({ length: count }, make)

const HEX = '0123456789abcdefABCDEF'
const LETTERS = 'abcdefghijklmnopqrstuvwxyzABCXYZ0123456789-_'

const hex = (below: Below, bytes: number): string =>
  repeat(2 * bytes, () => HEX[below(HEX.length)]!).join('')
const base64 = (below: Below, bytes: number): string =>
  Buffer.from(hex(below, bytes), 'hex').toString('base64')
const number = (below: Below, max: number): string =>
  String(below(5) === 0 ? pick(below, [0, max]) : below(Math.min(max, 2 ** 31) + 1))

/** Now and then data is cut by blanks. */
const cut = (below: Below, text: string): string =>
  below(3) === 0 && text.length > 8 ? `${text.slice(0, 5)} ${text.slice(5)}` : text

const label = (below: Below): string => {
  if (below(12) === 0)
    return pick(below, [
      'a\\.b',
      'x\\032y',
      '\\255\\000z',
      '\\"q',
      'semi\\;colon',
      'par\\(en\\)',
      '\\065b',
      '*',
    ])
  const letters = repeat(
    1 + below(below(20) === 0 ? 60 : 8),
    () => LETTERS[below(LETTERS.length)]!,
  ).join('')
  return letters.replace(/^[-_]/, 'n')
}

/** A name in data: relative, absolute, or the origin. */
export const nameText = (below: Below): string => {
  const choice = below(10)
  if (choice === 0) return '@'
  if (choice === 1) return '.'
  const labels = repeat(1 + below(3), () => label(below)).join('.')
  return choice < 5 ? `${labels}.example.net.` : labels
}

const STRING_CHARACTERS = "abc XYZ019!#%&'*+,-/:;<=>?@[]^_`{|}~()"
const stringText = (below: Below): string => {
  const special = ['\\"', '\\\\', '\\000', '\\255', '\\;', '\\065', '\\x']
  const text = repeat(below(12), () =>
    below(8) === 0 ? pick(below, special) : STRING_CHARACTERS[below(STRING_CHARACTERS.length)]!,
  ).join('')
  if (below(2) === 0 && /^[a-z0-9]+$/i.test(text)) return text
  return `"${text}"`
}

const ipv4 = (below: Below): string => repeat(4, () => number(below, 255)).join('.')

const ipv6 = (below: Below): string => {
  if (below(8) === 0)
    return pick(below, [
      '::',
      '::1',
      '2001:db8::',
      '::ffff:192.0.2.1',
      '64:ff9b::192.0.2.33',
      '1::2:0:0:3',
      '1:0:0:2:0:0:0:3',
    ])
  return repeat(8, () => below(0x10000).toString(16)).join(':')
}

const seconds = (below: Below): string =>
  pick(below, [number(below, 2 ** 31 - 1), '1h', '2D', '1w', '1W2d3H4m5S', '30M', '0'])
const algorithm = (below: Below): string =>
  pick(below, ['5', '8', '13', '15', 'RSASHA256', 'ECDSAP256SHA256', 'RSASHA1'])
const types = (below: Below): string =>
  repeat(1 + below(5), () =>
    pick(below, ['A', 'ns', 'MX', 'TXT', 'AAAA', 'CAA', 'RRSIG', 'TYPE65280', 'SPF', 'TYPE1']),
  ).join(' ')
const time = (below: Below): string =>
  pick(below, ['20300101000000', '19700101000001', '20991231235959'])

const delegationSigner = (below: Below): string => {
  const [digest, bytes] = pick(below, [
    ['1', 20],
    ['2', 32],
    ['4', 48],
  ] as const)
  return `${number(below, 65535)} ${algorithm(below)} ${digest} ${cut(below, hex(below, bytes))}`
}
const publicKey = (below: Below): string =>
  `${pick(below, ['256', '257'])} 3 ${algorithm(below)} ${cut(below, base64(below, 1 + below(70)))}`
const signature = (below: Below): string => {
  const [type, labels, ttl] = [
    pick(below, ['A', 'NSEC', 'TYPE65280']),
    10 + below(100),
    number(below, 2 ** 31 - 1),
  ]
  return `${type} ${algorithm(below)} ${labels} ${ttl} ${time(below)} ${time(below)} ${number(below, 65535)} ${nameText(below)} ${cut(below, base64(below, 1 + below(64)))}`
}

const angle = (below: Below, degrees: number, directions: readonly string[]): string => {
  const parts = [
    below(degrees),
    below(60),
    `${below(60)}${below(2) === 0 ? '' : `.${String(below(1000)).padStart(3, '0')}`}`,
  ]
  return `${parts.slice(0, 1 + below(3)).join(' ')} ${pick(below, directions)}`
}
const metres = (below: Below): string =>
  `${below(100_000)}${pick(below, ['', '.5', '.25'])}${pick(below, ['', 'm'])}`
const location = (below: Below): string => {
  const sizes = repeat(
    below(4),
    () => `${below(1000)}${pick(below, ['', '.01'])}${pick(below, ['', 'm'])}`,
  )
  return [
    angle(below, 90, ['N', 'S']),
    angle(below, 180, ['E', 'W']),
    `${pick(below, ['', '-'])}${metres(below)}`,
    ...sizes,
  ].join(' ')
}

const prefix = (below: Below): string => {
  const text = pick(below, [
    '1:192.168.32.0/21',
    '1:0.0.0.0/0',
    '2:2001:db8::/32',
    '1:192.0.2.1/32',
    '2:::/0',
    '1:10.0.0.0/8',
  ])
  return pick(below, ['', '!']) + text
}

const gateway = (below: Below, type: number): string =>
  ['.', ipv4(below), ipv6(below), nameText(below)][type]!

const params = (below: Below): string => {
  const all = [
    pick(below, ['alpn=h2', 'alpn="h2,h3"', 'alpn="f\\\\\\\\oo\\\\,bar,h2"']),
    `port=${number(below, 65535)}`,
    `ipv4hint=${ipv4(below)},${ipv4(below)}`,
    `ech=${base64(below, 6)}`,
    `ipv6hint="2001:db8::${below(0x10000).toString(16)}"`,
    pick(below, ['key667=hello', 'key667="a b"', 'key667="hello\\210qoo"', 'key668']),
  ]
  return all
    .filter(() => below(2) === 0)
    .sort(() => below(3) - 1)
    .join(' ')
}
const service = (below: Below): string =>
  below(6) === 0
    ? `0 ${nameText(below)}`
    : `${1 + below(65535)} ${nameText(below)} ${params(below)}`

const groups = (below: Below): string =>
  repeat(4, () => below(0x10000).toString(16).padStart(4, '0')).join(':')
const eui = (below: Below, size: number): string => repeat(size, () => hex(below, 1)).join('-')
const salt = (below: Below): string => (below(3) === 0 ? '-' : hex(below, 1 + below(20)))
const hash = (below: Below): string =>
  repeat(32, () => '0123456789abcdefghijklmnopqrstuv'[below(32)]!).join('')
const u16 = (below: Below): string => number(below, 65535)

/**
 * The data of each type. A type may be missing in another program: then `\#` is what it is compared
 * with.
 */
export const DATA: Readonly<Record<string, (below: Below) => string>> = {
  A: ipv4,
  AAAA: ipv6,
  NS: nameText,
  MD: nameText,
  MF: nameText,
  CNAME: nameText,
  MB: nameText,
  MG: nameText,
  MR: nameText,
  PTR: nameText,
  HINFO: below => `${stringText(below)} ${stringText(below)}`,
  MINFO: below => `${nameText(below)} ${nameText(below)}`,
  MX: below => `${u16(below)} ${nameText(below)}`,
  TXT: below => repeat(1 + below(4), () => stringText(below)).join(' '),
  RP: below => `${nameText(below)} ${nameText(below)}`,
  AFSDB: below => `${u16(below)} ${nameText(below)}`,
  X25: below => `"${100_000 + below(900_000)}"`,
  ISDN: below => `"15086${below(100_000)}"${pick(below, ['', ' "004"'])}`,
  RT: below => `${u16(below)} ${nameText(below)}`,
  'NSAP-PTR': nameText,
  SIG: signature,
  KEY: publicKey,
  PX: below => `${u16(below)} ${nameText(below)} ${nameText(below)}`,
  GPOS: below => `-${below(90)}.${below(1000)} ${below(180)} ${below(1000)}.0`,
  LOC: location,
  NXT: below => `${nameText(below)} A MX TXT`,
  EID: below => cut(below, hex(below, 1 + below(20))),
  NIMLOC: below => cut(below, hex(below, 1 + below(20))),
  SRV: below => `${u16(below)} ${u16(below)} ${u16(below)} ${nameText(below)}`,
  NAPTR: below =>
    `${u16(below)} ${u16(below)} "${pick(below, ['', 's', 'u'])}" "E2U+sip" "${pick(below, ['', '!^.*$!sip:x@y!'])}" ${nameText(below)}`,
  KX: below => `${u16(below)} ${nameText(below)}`,
  CERT: below =>
    `${pick(below, ['1', 'PKIX', 'PGP', '65280'])} ${u16(below)} ${algorithm(below)} ${cut(below, base64(below, 1 + below(60)))}`,
  DNAME: nameText,
  APL: below => repeat(below(4), () => prefix(below)).join(' '),
  DS: delegationSigner,
  SSHFP: below => `4 2 ${cut(below, hex(below, 32))}`,
  IPSECKEY: below => {
    const type = below(4)
    return `${number(below, 255)} ${type} 2 ${gateway(below, type)} ${base64(below, 1 + below(60))}`
  },
  RRSIG: signature,
  NSEC: below => `${nameText(below)} ${types(below)}`,
  DNSKEY: publicKey,
  DHCID: below => cut(below, base64(below, 35)),
  NSEC3: below =>
    `1 ${number(below, 1)} ${below(100)} ${salt(below)} ${hash(below)} ${types(below)}`,
  NSEC3PARAM: below => `1 0 ${below(100)} ${salt(below)}`,
  TLSA: below => `3 1 1 ${cut(below, hex(below, 32))}`,
  SMIMEA: below => `3 0 0 ${cut(below, hex(below, 1 + below(50)))}`,
  HIP: below =>
    `2 ${hex(below, 16)} ${base64(below, 30)} ${repeat(below(3), () => nameText(below)).join(' ')}`,
  NINFO: below => repeat(1 + below(3), () => stringText(below)).join(' '),
  RKEY: below => `0 ${number(below, 255)} ${algorithm(below)} ${base64(below, 1 + below(30))}`,
  TALINK: below => `${nameText(below)} ${nameText(below)}`,
  CDS: delegationSigner,
  CDNSKEY: publicKey,
  OPENPGPKEY: below => cut(below, base64(below, 1 + below(100))),
  CSYNC: below => `${u16(below)} ${pick(below, ['0', '1', '3'])} ${types(below)}`,
  ZONEMD: below => `${u16(below)} 1 1 ${cut(below, hex(below, 48))}`,
  SVCB: service,
  HTTPS: service,
  SPF: below => repeat(1 + below(2), () => stringText(below)).join(' '),
  UINFO: stringText,
  UID: u16,
  GID: u16,
  NID: below => `${u16(below)} ${groups(below)}`,
  L32: below => `${u16(below)} ${ipv4(below)}`,
  L64: below => `${u16(below)} ${groups(below)}`,
  LP: below => `${u16(below)} ${nameText(below)}`,
  EUI48: below => eui(below, 6),
  EUI64: below => eui(below, 8),
  URI: below => `${u16(below)} ${u16(below)} "https://${below(1000)}.example/p?q=1;r"`,
  CAA: below =>
    `${pick(below, ['0', '128'])} ${pick(below, ['issue', 'issuewild', 'iodef'])} ${pick(below, ['";"', '"ca.example; a=b"', 'ca.example'])}`,
  AVC: below => stringText(below),
  AMTRELAY: below => {
    const type = below(4)
    return `${number(below, 255)} ${below(2)} ${type} ${gateway(below, type)}`
  },
  RESINFO: () => 'qnamemin exterr=15-17',
  TA: delegationSigner,
  DLV: delegationSigner,
  TYPE65280: below => {
    const size = below(20)
    return `\\# ${size} ${cut(below, hex(below, size))}`
  },
  TYPE1: below => `\\# 4 ${hex(below, 4)}`,
}

/** The same words with other blanks, over several lines, with comments. */
export const spread = (below: Below, words: string): string => {
  if (below(4) > 0) return words
  const parts = words.split(/ (?=(?:[^"\\]|\\.|"(?:[^"\\]|\\.)*")*$)/)
  const breaks = ['\n', ' ; a "comment (\n', '\t', '  ', '\n\n \t']
  return `( ${parts.map(part => part + pick(below, breaks)).join(' ')} )`
}

export interface TextOptions {
  /** Types to use. */
  readonly types: readonly string[]
  readonly records: number
}

/** An entry with an owner of its own, so that nothing depends on what stands around it. */
const entry = (below: Below, index: number, type: string): string => {
  const owner =
    below(8) === 0
      ? `r${index}.example.org.`
      : `r${index}${pick(below, ['', '.sub', '.a.b', '\\.x', '\\095'])}`
  const ttl = pick(below, ['', '300', '1h30m', '1W', String(below(2 ** 31))])
  const cls = pick(below, ['', 'IN', 'in', 'CLASS1'])
  const head = (below(2) === 0 ? [ttl, cls] : [cls, ttl]).filter(word => word !== '')
  const shown = below(6) === 0 ? type.toLowerCase() : type
  const words = [owner, ...head, shown].join(pick(below, [' ', '\t', ' \t ']))
  return `${words} ${spread(below, DATA[type]!(below))}${pick(below, ['', ' ', ' ; end', '\t;'])}`
}

const directive = (below: Below, index: number): string =>
  pick(below, [
    `$ORIGIN o${index}\n$origin example.org.`,
    `$TTL ${pick(below, ['1h', '600', '2D', '1w1s'])} ; default`,
    `; nothing but a comment ( "`,
    '',
    '   \t ; blanks',
    `$GENERATE ${below(5)}-${5 + below(20)}/${1 + below(3)} g${index}-\${${below(3)},${below(4)},${pick(below, ['d', 'o', 'x', 'X'])}} A 10.0.0.$`,
    `$GENERATE 1-3 h${index}-$ ${pick(below, ['', '300 '])}${pick(below, ['', 'IN '])}CNAME $.t\\$x`,
    `$GENERATE 10-17 \${0,7,n}.i${index} PTR p$.example.`,
  ])

/** A zone for example.org, sound as a whole. */
export const zoneText = (below: Below, { types, records }: TextOptions): string => {
  const lines = [
    `$TTL ${pick(below, ['3600', '1h', '2d'])}`,
    `@ ${pick(below, ['', 'IN '])}SOA ${spread(below, `ns1 admin.example.org. 2026010101 ${repeat(4, () => seconds(below)).join(' ')}`)}`,
    '@ IN NS ns1',
    'ns1 A 192.0.2.1',
  ]
  for (let index = 0; index < records; index++) {
    if (below(6) === 0) lines.push(directive(below, index))
    const type = pick(below, types)
    lines.push(entry(below, index, type))
    if (below(10) === 0 && !/^(TXT|CNAME|SIG|RRSIG|NSEC|KEY|NXT)$/.test(type))
      lines.push(`  ${pick(below, ['', '60 ', 'IN '])}TXT "behind ${index}"`)
  }
  return `${lines.join(pick(below, ['\n', '\n', '\r\n']))}\n`
}

const JUNK = [
  '5x',
  '-1',
  '4294967296',
  '65536',
  '256',
  'a..b',
  '"',
  ')',
  '(',
  'x'.repeat(64),
  '\\256',
  '$',
  'IN',
  'A',
  '""',
  'zz',
  '1.2.3',
  ':::',
  '=',
  '\\',
]

/**
 * The text with one fault, or what may be one: a word gone, doubled, or replaced, behind the zone's
 * own first records.
 */
export const spoiled = (below: Below, text: string): string => {
  const start = text.indexOf('ns1 A 192.0.2.1') + 16
  const words = [...text.slice(start).matchAll(/[^\s;()]+/g)]
  const word = pick(below, words)
  const from = start + word.index
  const to = from + word[0].length
  const choice = below(4)
  const instead = choice === 0 ? '' : choice === 1 ? `${word[0]} ${word[0]}` : pick(below, JUNK)
  return text.slice(0, from) + instead + text.slice(to)
}
