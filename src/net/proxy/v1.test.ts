import assert from 'node:assert/strict'
import { test } from 'node:test'
import { joined, v1Header } from '../../../test/support/proxy-headers.ts'
import { ipToText } from '../../base/ip.ts'
import { BAD, NO_HEADER, ProxyHeader, SHORT } from './header.ts'
import { isV1, readV1 } from './v1.ts'

const MESSAGE = Uint8Array.from({ length: 20 }, (_, k) => k)

const read = (bytes: Uint8Array): string | number => {
  const found = [0, 3].map(at => {
    const header = new ProxyHeader()
    const whole = joined(new Uint8Array(at), bytes)
    const length = readV1(whole, at, whole.length, header)
    if (length <= 0) return length
    const shown = ({ ip, port }: ProxyHeader['source']) => `${ipToText(ip.bytes)} ${port}`
    const ends = header.isLocal ? '' : `${shown(header.source)} ${shown(header.destination)} `
    return `${ends}${length}`
  })
  assert.equal(found[1], found[0])
  return found[0]!
}

const LONG = '2001:0db8:0000:0000:0000:0000:0000:0001'

const cases: readonly { readonly line: string; readonly read: string | number }[] = [
  {
    line: 'PROXY TCP4 192.0.2.1 192.0.2.53 40000 53',
    read: '192.0.2.1 40000 192.0.2.53 53 42',
  },
  {
    line: 'PROXY TCP6 2001:db8::1 2001:db8::53 40000 53',
    read: '2001:db8::1 40000 2001:db8::53 53 46',
  },
  {
    line: `PROXY TCP6 ${LONG} ${LONG} 65535 65535`,
    read: '2001:db8::1 65535 2001:db8::1 65535 104',
  },
  {
    line: 'PROXY TCP6 ::ffff:192.0.2.1 ::ffff:192.0.2.53 40000 53',
    read: '192.0.2.1 40000 192.0.2.53 53 56',
  },
  { line: 'PROXY UNKNOWN', read: '15' },
  { line: 'PROXY UNKNOWN 192.0.2.1 nobody knows', read: '38' },
  { line: 'PROXY UNKNOWNS', read: BAD },
  { line: 'PROXY TCP5 192.0.2.1 192.0.2.53 40000 53', read: BAD },
  { line: 'PROXY UDP4 192.0.2.1 192.0.2.53 40000 53', read: BAD },
  { line: 'PROXY tcp4 192.0.2.1 192.0.2.53 40000 53', read: BAD },
  { line: 'PROXY TCP4 bad', read: BAD },
  { line: 'PROXY ', read: BAD },
  { line: 'PROXY TCP6 192.0.2.1 192.0.2.53 40000 53', read: BAD },
  { line: 'PROXY TCP4 2001:db8::1 192.0.2.53 40000 53', read: BAD },
  { line: 'PROXY TCP4 192.0.2.01 192.0.2.53 40000 53', read: BAD },
  { line: 'PROXY TCP4 192.0.2.256 192.0.2.53 40000 53', read: BAD },
  { line: 'PROXY TCP4 192.0.2.1 192.0.2.53 040000 53', read: BAD },
  { line: 'PROXY TCP4 192.0.2.1 192.0.2.53 0 53', read: BAD },
  { line: 'PROXY TCP4 192.0.2.1 192.0.2.53 40000 0', read: BAD },
  { line: 'PROXY TCP4 1.2.3.4 5.6.7.8 99999 53', read: BAD },
  { line: 'PROXY TCP4 192.0.2.1 192.0.2.53 65536 53', read: BAD },
  { line: 'PROXY TCP4 192.0.2.1 192.0.2.53 40000', read: BAD },
  { line: 'PROXY TCP4 192.0.2.1 192.0.2.53 40000 53 7', read: BAD },
  { line: 'PROXY TCP4  192.0.2.1 192.0.2.53 40000 53', read: BAD },
  { line: 'PROXY TCP4 192.0.2.1 192.0.2.53 40000 53 ', read: BAD },
  { line: 'PROXY TCP6 fe80::1%eth0 fe80::2 40000 53', read: BAD },
  { line: 'PROXY\tTCP4 192.0.2.1 192.0.2.53 40000 53', read: NO_HEADER },
  { line: 'proxy TCP4 192.0.2.1 192.0.2.53 40000 53', read: NO_HEADER },
]
for (const c of cases)
  test(`read: ${JSON.stringify(c.line)}`, () =>
    assert.equal(read(joined(v1Header(c.line), MESSAGE)), c.read))

test('a line without an end', () => {
  const begun = new Uint8Array(Buffer.from(`PROXY UNKNOWN ${'x'.repeat(200)}`))
  assert.equal(read(begun.subarray(0, 106)), SHORT)
  assert.equal(read(begun.subarray(0, 107)), BAD)
  assert.equal(read(v1Header(`PROXY UNKNOWN ${'x'.repeat(91)}`)), '107')
  assert.equal(read(v1Header(`PROXY UNKNOWN ${'x'.repeat(92)}`)), BAD)
})

test('a header that is not whole', () => {
  const whole = v1Header('PROXY TCP4 192.0.2.1 192.0.2.53 40000 53')
  for (let length = 0; length < whole.length; length++)
    assert.equal(read(whole.subarray(0, length)), SHORT, `${length} bytes`)
})

test('whether one begins', () => {
  const begins = (text: string): boolean => isV1(new Uint8Array(Buffer.from(text)), 0, text.length)
  assert.deepEqual(['PROXY ', 'PROXY T', 'PROXY', 'PROXI ', ''].map(begins), [
    true,
    true,
    false,
    false,
    false,
  ])
})
