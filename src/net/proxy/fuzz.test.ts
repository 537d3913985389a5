// The reader of version 2 against another one that is written as the specification reads, on
// headers of every kind, sound and damaged.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isThorough } from '../../../test/support/effort.ts'
import { HeaderMix, V2_SIGNATURE } from '../../../test/support/proxy-headers.ts'
import { ipToText, parseIp } from '../../base/ip.ts'
import { BAD, NO_HEADER, ProxyHeader, SHORT } from './header.ts'
import { readV1 } from './v1.ts'
import { readV2 } from './v2.ts'

const HEADERS = isThorough ? 1_000_000 : 100_000

const specified = (bytes: Uint8Array, protocol: 1 | 2): string => {
  const hex = bytes.toHex()
  if (!V2_SIGNATURE.startsWith(hex.slice(0, 24))) return `${NO_HEADER}`
  if (bytes.length < 16) return `${SHORT}`
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  const length = view.getUint16(14)
  if (!/^2[01]/.test(hex.slice(24)) || length > 4096) return `${BAD}`
  if (bytes.length < 16 + length) return `${SHORT}`
  if (hex[25] === '0') return `${16 + length} local`
  if (!/^[0-3][0-2]/.test(hex.slice(26))) return `${BAD}`
  if (/^[03]|^.0/.test(hex.slice(26))) return `${16 + length} local`
  if (hex[27] !== `${protocol}`) return `${BAD}`
  const size = hex[26] === '1' ? 4 : 16
  if (length < 2 * size + 4) return `${BAD}`
  const end = (n: 0 | 1): string => {
    const address = bytes.slice(16 + n * size, 16 + (n + 1) * size)
    // Text and back makes IPv4 of mapped addresses.
    const { bytes: plain } = parseIp(ipToText(address)) ?? assert.fail()
    return `${ipToText(plain)} ${view.getUint16(16 + 2 * size + 2 * n)}`
  }
  return `${16 + length} ${end(0)} ${end(1)}`
}

const read = (bytes: Uint8Array, isDatagram: boolean, header: ProxyHeader): string => {
  const length = readV2(bytes, 0, bytes.length, isDatagram, header)
  if (length <= 0) return `${length}`
  if (header.isLocal) return `${length} local`
  const { source, destination } = header
  return `${length} ${ipToText(source.ip.bytes)} ${source.port} ${ipToText(destination.ip.bytes)} ${destination.port}`
}

test(`${HEADERS} headers of version 2`, { timeout: 120_000 }, () => {
  const header = new ProxyHeader()
  const mix = new HeaderMix(7)
  const kinds = new Map<string, number>()
  for (let n = 0; n < HEADERS; n++) {
    const bytes = mix.datagram()
    const isDatagram = n % 2 === 0
    const found = read(bytes, isDatagram, header)
    if (found !== specified(bytes, isDatagram ? 2 : 1))
      assert.equal(found, specified(bytes, isDatagram ? 2 : 1), bytes.toHex())
    const kind = found.includes('.') || found.includes(':') ? 'named' : found.replace(/^\d\d+/, '')
    kinds.set(kind, (kinds.get(kind) ?? 0) + 1)
  }
  for (const kind of ['named', ' local', `${NO_HEADER}`, `${SHORT}`, `${BAD}`])
    assert.ok((kinds.get(kind) ?? 0) > HEADERS / 100, `${kind}: ${kinds.get(kind)}`)
})

test('lines of version 1, with damage, say whole lines or none', { timeout: 120_000 }, () => {
  const header = new ProxyHeader()
  const lines = [
    'PROXY TCP4 192.0.2.1 192.0.2.53 40000 53\r\nrest',
    'PROXY TCP6 2001:db8::1 ::ffff:192.0.2.53 1 65535\r\nrest',
    'PROXY UNKNOWN some words\r\nrest',
  ].map(text => new Uint8Array(Buffer.from(text)))
  for (const line of lines)
    for (let at = 0; at < line.length; at++)
      for (let value = 0; value < 256; value++) {
        const bytes = line.slice()
        bytes[at] = value
        const length = readV1(bytes, 0, bytes.length, header)
        if (length <= 0) continue
        const text = Buffer.from(bytes.subarray(0, length)).toString('latin1')
        assert.match(text, /^PROXY [^\r\n]*(?:\r(?!\n)[^\r\n]*)*\r\n$/)
        if (!header.isLocal) {
          const [, , from = '', to = '', fromPort, toPort] = text.trimEnd().split(' ')
          const { source, destination } = header
          assert.deepEqual(
            [source.ip.bytes, source.port, destination.ip.bytes, destination.port],
            [parseIp(from)?.bytes, Number(fromPort), parseIp(to)?.bytes, Number(toPort)],
          )
        }
      }
})
