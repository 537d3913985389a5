// Version 1 of the PROXY protocol, for connections only: one line of text,
// `PROXY TCP4 192.0.2.1 192.0.2.2 40000 53`, that ends with CR and LF.

import { parseIp } from '../../base/ip.ts'
import { BAD, beginsWith, NO_HEADER, type ProxyHeader, SHORT } from './header.ts'

const SIGNATURE = new Uint8Array(Buffer.from('PROXY '))
/** With its end: two IPv6 addresses written out, and two ports. */
const LONGEST_LINE = 107
const CR = 0x0d
const LF = 0x0a
/** Single spaces and no leading zeros. What stands behind UNKNOWN is nobody's business. */
const LINE = /^PROXY (?:UNKNOWN(?: .*)?|(TCP[46]) (\S+) (\S+) ([1-9]\d{0,4}) ([1-9]\d{0,4}))$/
const MOST_PORT = 65_535

/** Reads the header that begins at `at`; returns its length, or NO_HEADER, SHORT or BAD. */
export const readV1 = (bytes: Uint8Array, at: number, end: number, header: ProxyHeader): number => {
  if (!beginsWith(bytes, at, end, SIGNATURE)) return NO_HEADER
  const last = Math.min(end, at + LONGEST_LINE)
  for (let k = at; k + 1 < last; k++)
    if (bytes[k] === CR && bytes[k + 1] === LF)
      return readLine(Buffer.from(bytes.subarray(at, k)).toString('latin1'), header)
        ? k + 2 - at
        : BAD
  return end - at < LONGEST_LINE ? SHORT : BAD
}

/** Whether a version 1 header begins here, where none may stand. */
export const isV1 = (bytes: Uint8Array, at: number, end: number): boolean =>
  end - at >= SIGNATURE.length && beginsWith(bytes, at, end, SIGNATURE)

const readLine = (line: string, header: ProxyHeader): boolean => {
  const [isLine, family, from = '', to = '', fromPort, toPort] = LINE.exec(line) ?? []
  if (isLine === undefined) return false
  header.isLocal = family === undefined
  if (family === undefined) return true
  return (
    readEnd(header.source, family, from, Number(fromPort)) &&
    readEnd(header.destination, family, to, Number(toPort))
  )
}

const readEnd = (
  end: ProxyHeader['source'],
  family: string,
  address: string,
  port: number,
): boolean => {
  const ip = parseIp(address)
  if (ip === undefined || port > MOST_PORT) return false
  if (address.includes(':') !== (family === 'TCP6')) return false
  end.set(ip.bytes, 0, ip.family === 4 ? 4 : 16, port)
  return true
}
