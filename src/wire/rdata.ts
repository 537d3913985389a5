// Rdata in wire form from parts that are known to be good. Text of unknown origin is checked by its
// reader first: what is wrong here is a defect of the caller and throws a RangeError.

import { isIPv4, isIPv6 } from 'node:net'
import { setU16, setU32 } from './header.ts'

const UTF8 = new TextEncoder()

/** A: four bytes from dotted decimal. */
export const rdataA = (text: string): Uint8Array => {
  if (!isIPv4(text)) throw new RangeError(`not an IPv4 address: ${text}`)
  return Uint8Array.from(text.split('.'), Number)
}

const groupsOf = (text: string): number[] => {
  if (text === '') return []
  return text.split(':').flatMap(group => {
    if (!group.includes('.')) return [Number.parseInt(group, 16)]
    const bytes = group.split('.').map(Number)
    return [(bytes[0]! << 8) | bytes[1]!, (bytes[2]! << 8) | bytes[3]!]
  })
}

/** AAAA: sixteen bytes from any text form of RFC 4291, without a zone index. */
export const rdataAaaa = (text: string): Uint8Array => {
  if (!isIPv6(text) || text.includes('%')) throw new RangeError(`not an IPv6 address: ${text}`)
  const [head = '', tail] = text.split('::')
  const left = groupsOf(head)
  const right = tail === undefined ? [] : groupsOf(tail)
  const groups = [...left, ...new Array<number>(8 - left.length - right.length).fill(0), ...right]
  const rdata = new Uint8Array(16)
  for (let i = 0; i < 8; i++) setU16(rdata, 2 * i, groups[i]!)
  return rdata
}

/** NS, CNAME, PTR, DNAME: one name. A copy. */
export const rdataName = (wire: Uint8Array): Uint8Array => wire.slice()

/** MX: preference and exchange. */
export const rdataMx = (preference: number, exchangeWire: Uint8Array): Uint8Array => {
  const rdata = new Uint8Array(2 + exchangeWire.length)
  setU16(rdata, 0, preference)
  rdata.set(exchangeWire, 2)
  return rdata
}

export const rdataSrv = (
  priority: number,
  weight: number,
  port: number,
  targetWire: Uint8Array,
): Uint8Array => {
  const rdata = new Uint8Array(6 + targetWire.length)
  setU16(rdata, 0, priority)
  setU16(rdata, 2, weight)
  setU16(rdata, 4, port)
  rdata.set(targetWire, 6)
  return rdata
}

/**
 * TXT, HINFO: each text one character-string of at most 255 bytes of UTF-8. TXT needs one at least.
 */
export const rdataStrings = (...texts: readonly (string | Uint8Array)[]): Uint8Array => {
  const strings = texts.map(text => (typeof text === 'string' ? UTF8.encode(text) : text))
  const rdata = new Uint8Array(strings.reduce((size, string) => size + 1 + string.length, 0))
  let at = 0
  for (const string of strings) {
    if (string.length > 255)
      throw new RangeError(`a character-string of ${string.length} bytes is too long`)
    rdata[at] = string.length
    rdata.set(string, at + 1)
    at += 1 + string.length
  }
  return rdata
}

export interface SoaParts {
  readonly mname: Uint8Array
  readonly rname: Uint8Array
  readonly serial: number
  readonly refreshSeconds: number
  readonly retrySeconds: number
  readonly expireSeconds: number
  readonly minimumSeconds: number
}

export const rdataSoa = (parts: SoaParts): Uint8Array => {
  const names = parts.mname.length + parts.rname.length
  const rdata = new Uint8Array(names + 20)
  rdata.set(parts.mname)
  rdata.set(parts.rname, parts.mname.length)
  setU32(rdata, names, parts.serial)
  setU32(rdata, names + 4, parts.refreshSeconds)
  setU32(rdata, names + 8, parts.retrySeconds)
  setU32(rdata, names + 12, parts.expireSeconds)
  setU32(rdata, names + 16, parts.minimumSeconds)
  return rdata
}
