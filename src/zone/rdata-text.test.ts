import assert from 'node:assert/strict'
import { test } from 'node:test'
import { seeded } from '../../test/fakes/raw-message.ts'
import { nameFromText } from '../wire/name.ts'
import { fieldsOf, typesWithFields } from '../wire/rdata-fields.ts'
import { TYPE_NULL, typeFromText, typeToText } from '../wire/rrtypes.ts'
import { rdataText } from './rdata-text.ts'
import { recordFromText, recordText } from './record-text.ts'

/**
 * Data as text, and what miekg/dns makes of it; for ISDN, NXT and AMTRELAY, which it gets wrong,
 * what BIND does.
 */
const DATA: readonly (readonly [text: string, hex: string])[] = [
  ['A 192.0.2.1', 'c0000201'],
  ['AAAA 2001:db8::1', '20010db8000000000000000000000001'],
  ['AAAA ::ffff:192.0.2.1', '00000000000000000000ffffc0000201'],
  ['NS ns.Example.', '026e73074578616d706c6500'],
  ['MD a.', '016100'],
  ['MF a.', '016100'],
  ['CNAME a\\.b.c.', '03612e62016300'],
  [
    'SOA ns. admin.x. 4294967295 1h 30m 1W 1d2h3m4s',
    '026e73000561646d696e017800ffffffff00000e100000070800093a8000016e58',
  ],
  ['MB a.', '016100'],
  ['MG a.', '016100'],
  ['MR a.', '016100'],
  ['NULL \\# 3 010203', '010203'],
  ['PTR a.', '016100'],
  ['HINFO "PC-Intel" Linux', '0850432d496e74656c054c696e7578'],
  ['HINFO PC', '02504300'],
  ['MINFO a. b.', '016100016200'],
  ['MX 10 mail.', '000a046d61696c00'],
  ['TXT "one two" three "q\\"\\\\\\255\\;" ""', '076f6e652074776f0574687265650571225cff3b00'],
  ['TXT a;b', '0161'],
  ['RP a. b.', '016100016200'],
  ['AFSDB 1 a.', '0001016100'],
  ['X25 311061700956', '0c333131303631373030393536'],
  ['ISDN "150862028003217" "004"', '0f31353038363230323830303332313703303034'],
  ['ISDN 150862028003217', '0f313530383632303238303033323137'],
  ['RT 2 a.', '0002016100'],
  ['NSAP-PTR a.', '016100'],
  [
    'SIG A 5 2 3600 20300101000000 20200101000000 12345 x. AQID',
    '0001050200000e1070dbd8805e0be1003039017800010203',
  ],
  ['KEY 256 3 5 AQID', '01000305010203'],
  ['PX 10 a. b.', '000a016100016200'],
  ['GPOS -32.6882 116.8652 10.0', '082d33322e36383832083131362e383635320431302e30'],
  ['LOC 42 21 54 N 71 06 18 W -24m 30m', '0033161389172dd070be15f000988d20'],
  ['LOC 90 N 180 W 0', '00121613934fd90059604e0000989680'],
  ['NXT a. A MX TXT', '016100400180'],
  ['EID 0102ff', '0102ff'],
  ['NIMLOC 0102ff', '0102ff'],
  ['SRV 1 2 3 a.', '000100020003016100'],
  [
    'NAPTR 10 20 "u" "E2U+sip" "!^.*$!sip:x@y!" .',
    '000a00140175074532552b7369700e215e2e2a24217369703a7840792100',
  ],
  ['KX 1 a.', '0001016100'],
  ['CERT PKIX 2 RSASHA256 AQIDBA==', '000100020801020304'],
  ['CERT 1 2 3 AQIDBA==', '000100020301020304'],
  ['DNAME a.', '016100'],
  [
    'APL 1:192.168.32.0/21 !1:192.168.38.0/28 2:2001:db8::/32 1:0.0.0.0/0',
    '00011503c0a82000011c83c0a8260002200420010db800010000',
  ],
  [
    'DS 60485 5 1 2BB183AF5F22588179A53B0A98631FAD1A292118',
    'ec4505012bb183af5f22588179a53b0a98631fad1a292118',
  ],
  ['DS 60485 RSASHA256 2 2BB183AF 5F225881', 'ec4508022bb183af5f225881'],
  ['SSHFP 4 2 abcd ef01', '0402abcdef01'],
  ['IPSECKEY 10 0 2 . AQID', '0a0002010203'],
  ['IPSECKEY 10 1 2 192.0.2.38 AQID', '0a0102c0000226010203'],
  ['IPSECKEY 10 2 2 2001:db8::1 AQID', '0a020220010db8000000000000000000000001010203'],
  ['IPSECKEY 10 3 2 gw.x. AQID', '0a0302026777017800010203'],
  [
    'RRSIG A 13 2 300 20300101000000 19700101000001 1 x. AQID',
    '00010d020000012c70dbd880000000010001017800010203',
  ],
  [
    'RRSIG TYPE65280 13 2 300 1893456000 1 1 x. AQ ID',
    'ff000d020000012c70dbd880000000010001017800010203',
  ],
  ['NSEC a. A NS SOA RRSIG NSEC CAA TYPE65280', '0161000006620000000003010140ff0180'],
  ['DNSKEY 257 3 13 AQID', '0101030d010203'],
  [
    'DHCID AAIBY2/AuCccgoJbsaxcQc9TUapptP69lOjxfNuVAA2kjEA=',
    '000201636fc0b8271c82825bb1ac5c41cf5351aa69b4febd94e8f17cdb95000da48c40',
  ],
  [
    'NSEC3 1 1 12 aabbccdd 2t7b4g4vsa5smi47k61mv5bv1a22bojr A RRSIG',
    '0101000c04aabbccdd14174eb2409fe28bcb4887a1836f957f0a8425e27b0006400000000002',
  ],
  [
    'NSEC3 1 1 12 - 2t7b4g4vsa5smi47k61mv5bv1a22bojr',
    '0101000c0014174eb2409fe28bcb4887a1836f957f0a8425e27b',
  ],
  ['NSEC3PARAM 1 0 12 aabbccdd', '0100000c04aabbccdd'],
  ['NSEC3PARAM 1 0 0 -', '0100000000'],
  ['TLSA 3 1 1 cdcdcd cd', '030101cdcdcdcd'],
  ['SMIMEA 3 0 0 abcdef', '030000abcdef'],
  [
    'HIP 2 200100107B1A74DF365639CC39F1D578 AwEAAbdxyhNuSutc5EMzxTs9LBPCIkOFH8cI a.x. b.x.',
    '1002001b200100107b1a74df365639cc39f1d57803010001b771ca136e4aeb5ce44333c53b3d2c13c22243851fc70801610178000162017800',
  ],
  ['NINFO "x" y', '01780179'],
  ['RKEY 0 3 5 AQID', '00000305010203'],
  ['TALINK a. b.', '016100016200'],
  ['CDS 0 0 0 00', '0000000000'],
  ['CDNSKEY 0 3 0 AA==', '0000030000'],
  ['OPENPGPKEY AQIDBA==', '01020304'],
  ['CSYNC 5 3 A NS', '000000050003000160'],
  ['ZONEMD 1 1 1 1111111111111111', '0000000101011111111111111111'],
  [
    'SVCB 1 svc.example.net. alpn="h2,h3" mandatory=alpn',
    '000103737663076578616d706c65036e65740000000002000100010006026832026833',
  ],
  ['SVCB 0 svc.example.net.', '000003737663076578616d706c65036e657400'],
  [
    'SVCB 1 . alpn=h2 no-default-alpn port=53 ipv4hint=192.0.2.1,192.0.2.2 ech=AQID ipv6hint=2001:db8::1,::1 dohpath=/dns-query{?dns} ohttp key667="a b\\"\\255"',
    '000100000100030268320002000000030002003500040008c0000201c0000202000500030102030006002020010db800000000000000000000000100000000000000000000000000000001000700102f646e732d71756572797b3f646e737d00080000029b000561206222ff',
  ],
  ['SVCB 1 . alpn="f\\\\\\\\oo\\\\,bar,h2"', '0001000001000c08665c6f6f2c626172026832'],
  [
    'HTTPS 16 . port=8443 ipv6hint=2001:db8::5',
    '0010000003000220fb0006001020010db8000000000000000000000005',
  ],
  ['SPF "v=spf1 -all"', '0b763d73706631202d616c6c'],
  ['UINFO "hello"', '0568656c6c6f'],
  ['UID 4294967295', 'ffffffff'],
  ['GID 1', '00000001'],
  ['NID 10 0014:4fff:ff20:ee64', '000a00144fffff20ee64'],
  ['L32 10 10.1.2.0', '000a0a010200'],
  ['L64 10 2001:0DB8:1140:1000', '000a20010db811401000'],
  ['LP 10 l64.', '000a036c363400'],
  ['EUI48 00-11-22-33-44-5f', '00112233445f'],
  ['EUI64 00-11-22-33-44-55-66-7F', '001122334455667f'],
  ['URI 10 1 "https://x.example/p"', '000a000168747470733a2f2f782e6578616d706c652f70'],
  ['CAA 128 issuewild ";"', '8009697373756577696c643b'],
  ['CAA 0 issue ca.example', '0005697373756563612e6578616d706c65'],
  ['AVC "x"', '0178'],
  ['AMTRELAY 10 0 0 .', '0a00'],
  ['AMTRELAY 10 1 1 192.0.2.1', '0a81c0000201'],
  ['AMTRELAY 10 0 2 2001:db8::1', '0a0220010db8000000000000000000000001'],
  ['AMTRELAY 10 1 3 relay.x.', '0a830572656c6179017800'],
  [
    'RESINFO qnamemin exterr=15-17 infourl=https://x.example/',
    '08716e616d656d696e0c6578746572723d31352d31371a696e666f75726c3d68747470733a2f2f782e6578616d706c652f',
  ],
  ['TA 1 2 3 abcd', '00010203abcd'],
  ['DLV 1 2 3 abcd', '00010203abcd'],
  ['TYPE65280 \\# 4 0102 0304', '01020304'],
  ['TYPE1 \\# 4 c0000201', 'c0000201'],
  ['A \\# 4 c0000201', 'c0000201'],
]

const read = (text: string): string => {
  const record = recordFromText(text)
  return typeof record === 'string' ? record : record.rdata.toHex()
}

for (const [text, hex] of DATA) {
  test(`data: ${text}`, () => {
    assert.equal(read(`x. 60 IN ${text}`), hex)
    const record = recordFromText(`x. 60 IN ${text}`)
    const printed = typeof record === 'string' ? record : recordText(record)
    assert.equal(read(printed), hex, `back from ${printed}`)
  })
}

test('data: every type that has a text stands in the table above', () => {
  const shown = new Set(DATA.map(([text]) => typeFromText(text.split(' ')[0] ?? '')))
  const missing = [...typesWithFields()].filter(
    type => !shown.has(type) && !fieldsOf(type)?.includes('opaque'),
  )
  assert.deepEqual(missing.map(typeToText), [])
})

const PRINTED: readonly (readonly [text: string, printed: string])[] = [
  [
    'TXT plain "two words" "q\\"b\\\\ \\000\\255é"',
    'TXT "plain" "two words" "q\\"b\\\\ \\000\\255\\195\\169"',
  ],
  ['TXT ""', 'TXT ""'],
  ['X25 1234', 'X25 1234'],
  ['CAA 0 issue ";"', 'CAA 0 issue ";"'],
  ['AAAA 2001:DB8:0:0:1:0:0:0', 'AAAA 2001:db8:0:0:1::'],
  ['AAAA 1:0:2:3:4:5:6:7', 'AAAA 1:0:2:3:4:5:6:7'],
  ['AAAA ::', 'AAAA ::'],
  ['AAAA ::ffff:192.0.2.1', 'AAAA ::ffff:192.0.2.1'],
  ['DS 1 RSASHA256 2 aB cD', 'DS 1 8 2 ABCD'],
  ['TLSA 3 1 1 aB cD', 'TLSA 3 1 1 abcd'],
  ['CERT 3 1 5 AQID', 'CERT PGP 1 RSASHA1 AQID'],
  ['CERT 9 1 99 AQID', 'CERT 9 1 99 AQID'],
  [
    'RRSIG A 13 2 300 1893456000 0 1 x. AQID',
    'RRSIG A 13 2 300 20300101000000 19700101000000 1 x. AQID',
  ],
  [
    'LOC 42 21 54 N 71 06 18 W -24m',
    'LOC 42 21 54.000 N 71 6 18.000 W -24.00m 1.00m 10000.00m 10.00m',
  ],
  ['APL', 'APL \\# 0'],
  [
    'NSEC3 1 0 0 - 2T7B4G4VSA5SMI47K61MV5BV1A22BOJR',
    'NSEC3 1 0 0 - 2T7B4G4VSA5SMI47K61MV5BV1A22BOJR',
  ],
  [
    'SVCB 1 . alpn="a\\\\,b,c" no-default-alpn key9=""',
    'SVCB 1 . alpn="a\\\\,b,c" no-default-alpn key9',
  ],
  [
    'HTTPS 1 . port=53 mandatory=port,alpn alpn=h2',
    'HTTPS 1 . mandatory="alpn,port" alpn="h2" port="53"',
  ],
  ['TYPE1 \\# 4 C0000201', 'A 192.0.2.1'],
  ['NULL \\# 0', 'NULL \\# 0'],
]
for (const [text, printed] of PRINTED) {
  test(`printed: ${text}`, () => {
    const record = recordFromText(`x. 60 IN ${text}`)
    assert.equal(typeof record === 'string' ? record : recordText(record), `x. 60 IN ${printed}`)
  })
}

const REFUSED: readonly (readonly [text: string, problem: string])[] = [
  ['A', 'the data of the record is missing'],
  ['A 192.0.2', '192.0.2 is not an IPv4 address'],
  ['A 192.0.2.01', '192.0.2.01 is not an IPv4 address'],
  ['A 192.0.2.1 192.0.2.2', '192.0.2.2 is more than the record needs'],
  ['AAAA fe80::1%eth0', 'fe80::1%eth0 is not an IPv6 address'],
  ['MX mail.', 'mail. is not a number from 0 to 65535'],
  ['MX 65536 mail.', '65536 is not a number from 0 to 65535'],
  ['MX 10', 'a name is missing'],
  ['NS a..b', 'a..b is not a name: it has an empty label'],
  [
    `NS ${'a'.repeat(64)}.b`,
    `${'a'.repeat(60)}… is not a name: it has a label of more than 63 bytes`,
  ],
  [`NS ${'a.'.repeat(128)}`, `${'a.'.repeat(30)}… is not a name: it has more than 255 bytes`],
  ['NS a\\256', 'a\\256 is not a name: it has a broken escape'],
  ['SOA a. b. 1 2 3 4 5x', '5x is not a number of seconds with or without units'],
  ['SOA a. b. 1d 2 3 4 5', '1d is not a number from 0 to 4294967295'],
  ['TXT "a\\25"', 'a\\25 has a broken escape'],
  [`HINFO "${'a'.repeat(256)}" b`, `${'a'.repeat(60)}… has 256 bytes, which is more than 255`],
  ['CAA 0 issue', 'a text is missing'],
  ['DS 1 2 3', 'data in hex digits is missing'],
  ['EID ""', 'data in hex digits is missing'],
  ['KEY 256 3 5 ""', 'data in base64 is missing'],
  ['DS 1 NONE 3 ab', 'NONE is not a DNSSEC algorithm'],
  ['DS 1 2 3 abc', 'the data is not pairs of hex digits'],
  ['DNSKEY 256 3 13 AQI', 'the data is not base64'],
  ['RRSIG NOTYPE 13 2 300 20300101000000 19700101000000 1 x. AQID', 'NOTYPE is not a record type'],
  [
    'RRSIG A 13 2 300 20301301000000 19700101000000 1 x. AQID',
    '20301301000000 is not a time: YYYYMMDDHHMMSS, or seconds since 1970',
  ],
  ['NXT a. CAA', 'a type above 127 has no place in an NXT record'],
  [
    'NSEC3 1 0 0 abc 2T7B4G4VSA5SMI47K61MV5BV1A22BOJR',
    'abc is not a salt in hex digits, or - for none',
  ],
  ['NSEC3 1 0 0 - 2T7W', '2T7W is not a hash in base32hex'],
  ['NSEC3 1 0 0 - IN', 'IN is not a hash in base32hex'],
  ['EUI48 00-11-22-33-44', '00-11-22-33-44 is not an EUI-48'],
  ['NID 10 1:2:3', '1:2:3 is not four groups of hex digits'],
  [
    'APL 1:192.0.2.1/24',
    '1:192.0.2.1/24 is not FAMILY:ADDRESS/LENGTH with no bits behind the length',
  ],
  ['IPSECKEY 10 0 2 192.0.2.1', '192.0.2.1 is not the . that gateway type 0 needs'],
  ['IPSECKEY 10 4 2 192.0.2.1', 'gateway type 4 is not one of 0 to 3'],
  ['LOC 91 N 10 E 0', '91 is not a number of degrees from 0 to 90'],
  ['LOC 90 1 N 10 E 0', 'the angle is more than 90 degrees'],
  ['LOC 10 61 N 10 E 0', '61 is not a part of an angle that ends in N or S'],
  ['GPOS a 1 2', 'a is not a decimal number'],
  ['SVCB 1 . alpn', 'the value is none that parameter alpn can have'],
  ['SVCB 1 . port=1 port=2', 'parameter port stands here twice'],
  ['SVCB 1 . color=red', 'color=red is not a parameter: KEY or KEY=VALUE'],
  ['SVCB 1 . mandatory=mandatory', 'the value is none that parameter mandatory can have'],
  ['SVCB 1 . ipv4hint=::1', 'the value is none that parameter ipv4hint can have'],
  ['SVCB 1 . no-default-alpn=1', 'the value is none that parameter no-default-alpn can have'],
  ['NULL abc', 'a record of type NULL is written as \\# LENGTH HEX'],
  ['TYPE65280 \\# 3 0102', 'the data has 2 bytes, not 3'],
  ['TYPE65280 \\# 65536 00', '65536 is not a length from 0 to 65535'],
  ['A \\# 3 010203', 'the data is not that of a record of type A'],
  ['DS \\# 2 0102', 'the data is not that of a record of type DS'],
]
for (const [text, problem] of REFUSED)
  test(`refused: ${text}`, () => assert.equal(read(`x. 60 IN ${text}`), problem))

test('data: a TXT record may have 65,535 bytes and no more', () => {
  const strings = (count: number, last: number): string =>
    `${`"${'a'.repeat(255)}" `.repeat(count)}"${'b'.repeat(last)}"`
  assert.equal(read(`x. TXT ${strings(255, 254)}`).length, 2 * 65_535)
  assert.equal(
    read(`x. TXT ${strings(255, 255)}`),
    'the data of a record has more than 65535 bytes',
  )
  assert.equal(read(`x. TYPE65280 \\# 65535 ${'00'.repeat(65_535)}`).length, 2 * 65_535)
})

test('data: a longer text is cut into strings of 255 bytes', () => {
  assert.equal(read(`x. TXT ${'a'.repeat(300)}`), `ff${'61'.repeat(255)}2d${'61'.repeat(45)}`)
})

for (const [type, hex] of [
  ['A', 'c00002'],
  ['MX', '000a'],
  ['TXT', '05616263'],
  ['SVCB', '00010000020001350001000101'],
  ['NSEC', '000100'],
  ['LOC', '01'],
  ['LOC', '000516138000000080000000009896ff'],
  ['LOC', '001216fa8000000080000000009896ff'],
  ['APL', '0001180100'],
  ['APL', '00011802c000'],
  ['NSEC', '0000024000'],
  ['NXT', '004000'],
  ['GPOS', '016101610161'],
  ['NULL', '01'],
] as const) {
  test(`printed: ${type} of another shape is written as unknown: ${hex}`, () => {
    const bytes = Uint8Array.fromHex(hex)
    assert.equal(
      rdataText(bytes, 0, bytes.length, typeFromText(type) ?? 0),
      `\\# ${bytes.length} ${hex}`,
    )
  })
}

for (const [text, back] of [
  ['a TXT x', 'a. 3600 IN TXT "x"'],
  ['@ 5 IN MX 1 m', '. 5 IN MX 1 m.'],
  ['a.b. CH 1h30m TXT x', 'a.b. 5400 CH TXT "x"'],
  ['a 1w in a 192.0.2.1 ; comment', 'a. 604800 IN A 192.0.2.1'],
  ['; before\n\na ( 5\n IN A ) 192.0.2.1', 'a. 5 IN A 192.0.2.1'],
  ['a CLASS7 TYPE300 \\# 1 ff', 'a. 3600 CLASS7 TYPE300 \\# 1 ff'],
  ['a 5 IN OPT \\# 0', 'OPT is not a type that records have'],
  ['\\$TTL.a 5 IN A 192.0.2.1', '\\$TTL.a. 5 IN A 192.0.2.1'],
  ['', 'there is no record'],
  [' A 192.0.2.1', 'A is not a name'],
  ['a A 192.0.2.1\nb A 192.0.2.2', 'there is more than one record'],
  ['a 5x A 192.0.2.1', 'TTL 5x is not a number with units'],
  ['a 4294967296 A 192.0.2.1', 'TTL 4294967296 is more than 32 bits hold'],
  ['a 5 6 A 192.0.2.1', '6 is not a record type'],
  ['a IN IN A 192.0.2.1', 'IN is neither a TTL nor a record type'],
  ['a XX A 192.0.2.1', 'XX is neither a TTL, a class nor a record type'],
  ['a 5 IN', 'a record type is missing'],
  ['a TXT "x', 'this quoted string does not end on its line'],
  ['a TXT "x\ny\\"\n" z', 'a. 3600 IN TXT "x\\010y\\"\\010" "z"'],
  ['a TXT "x\ny', 'this quoted string does not end on its line'],
] as const) {
  test(`record: ${JSON.stringify(text)}`, () => {
    const record = recordFromText(text)
    assert.equal(typeof record === 'string' ? record : recordText(record), back)
  })
}

test('record: names are relative to an origin, and a TTL may be given', () => {
  const origin = nameFromText('example.org')
  const record = recordFromText('a MX 1 @', { origin: origin ?? new Uint8Array(1), ttlSeconds: 7 })
  assert.equal(
    typeof record === 'string' ? record : recordText(record),
    'a.example.org. 7 IN MX 1 example.org.',
  )
})

test('printed: what is printed of any bytes is read as the same bytes', () => {
  const below = seeded(3)
  for (const type of [...typesWithFields(), TYPE_NULL, 65280]) {
    if (fieldsOf(type)?.includes('opaque')) continue
    for (let i = 0; i < 200; i++) {
      const small = below(2) === 0
      const rdata = Uint8Array.from({ length: below(40) }, () => below(small ? 4 : 256))
      const text = `x. 60 IN ${typeToText(type)} ${rdataText(rdata, 0, rdata.length, type)}`
      const record = recordFromText(text)
      // Data that is not that of its type is refused, as unknown text too.
      if (typeof record === 'string') assert.match(record, /is not that of a record of type/, text)
      else assert.deepEqual(record.rdata, rdata, text)
    }
  }
})
