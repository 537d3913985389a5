// LOC records between text and wire form (RFC 1876).

import type { RdataPrinter } from './rdata-printer.ts'
import type { RdataReader } from './rdata-reader.ts'

const EQUATOR = 2 ** 31
const DEGREE = 3_600_000
const MINUTE = 60_000
/** Altitudes are centimetres above this much below the reference spheroid. */
const BASE_CENTIMETRES = 10_000_000
/** 1 m, 10 km, 10 m: what holds if they are not written (section 3). */
const DEFAULT_SIZES = [0x12, 0x16, 0x13]

/**
 * Degrees, minutes, seconds, of which the last two may be left out, and a direction; in thousandths
 * of a second, -1 if wrong.
 */
const readAngle = (
  reader: RdataReader,
  maxDegrees: number,
  positive: string,
  negative: string,
): number => {
  const degrees = reader.number('a number of degrees', maxDegrees)
  if (degrees < 0) return -1
  let angle = degrees * DEGREE
  for (let part = 0; part < 3; part++) {
    const index = reader.take(`${positive} or ${negative}`)
    if (index < 0) return -1
    const text = reader.scanner.text(index)
    const direction = text.toUpperCase()
    if (direction === positive || direction === negative) {
      if (angle > maxDegrees * DEGREE) break
      return direction === positive ? EQUATOR + angle : EQUATOR - angle
    }
    const isSeconds = part === 1
    const isGood =
      part < 2 &&
      (isSeconds ? /^\d{1,2}(\.\d{0,3})?$/ : /^\d{1,2}$/).test(text) &&
      Number(text) < 60
    if (!isGood)
      return reader.failAt(
        index,
        `is not a part of an angle that ends in ${positive} or ${negative}`,
      )
        ? 0
        : -1
    angle += Math.round(Number(text) * (isSeconds ? 1000 : MINUTE))
  }
  return reader.fail(`the angle is more than ${maxDegrees} degrees`) ? 0 : -1
}

/**
 * Centimetres of metres with at most two decimals and perhaps an m; undefined if it is no such
 * text.
 */
const centimetres = (text: string): number | undefined =>
  /^-?(\d{1,8}(\.\d{0,2})?|\.\d{1,2})m?$/i.test(text)
    ? Math.round(Number.parseFloat(text) * 100)
    : undefined

/** A decimal digit and a power of ten in four bits each. */
const sizeByte = (size: number): number => {
  let exponent = 0
  let digit = size
  while (digit >= 10) {
    digit = Math.floor(digit / 10)
    exponent++
  }
  return (digit << 4) | exponent
}

const readAltitude = (reader: RdataReader): number => {
  const index = reader.take('an altitude')
  if (index < 0) return -1
  const altitude = centimetres(reader.scanner.text(index))
  const value = BASE_CENTIMETRES + (altitude ?? Number.NaN)
  if (value >= 0 && value <= 0xffffffff) return value
  return reader.failAt(index, 'is not an altitude in metres') ? 0 : -1
}

export const readLocation = (reader: RdataReader): boolean => {
  const latitude = readAngle(reader, 90, 'N', 'S')
  const longitude = latitude < 0 ? -1 : readAngle(reader, 180, 'E', 'W')
  const altitude = longitude < 0 ? -1 : readAltitude(reader)
  if (altitude < 0) return false
  const sizes = [...DEFAULT_SIZES]
  for (let i = 0; i < 3 && reader.hasMore(); i++) {
    const index = reader.take('a size')
    const size = centimetres(reader.scanner.text(index))
    if (size === undefined || size < 0 || size > 9_000_000_000)
      return reader.failAt(index, 'is not a size in metres')
    sizes[i] = sizeByte(size)
  }
  const numbers = [latitude, longitude, altitude]
  return (
    reader.put(0) && reader.putAll(sizes) && numbers.every(number => reader.putNumber(number, 4))
  )
}

const angleText = (value: number, positive: string, negative: string): string => {
  const angle = Math.abs(value - EQUATOR)
  const minutes = Math.floor((angle % DEGREE) / MINUTE)
  const seconds = ((angle % MINUTE) / 1000).toFixed(3)
  return `${Math.floor(angle / DEGREE)} ${minutes} ${seconds} ${value >= EQUATOR ? positive : negative}`
}

const metresText = (size: number): string => `${(size / 100).toFixed(2)}m`

export const printLocation = (printer: RdataPrinter): boolean => {
  const version = printer.number(1)
  const sizes = printer.take(3)
  const [latitude, longitude, altitude] = [printer.number(4), printer.number(4), printer.number(4)]
  if (
    version !== 0 ||
    sizes === undefined ||
    latitude === undefined ||
    longitude === undefined ||
    altitude === undefined
  )
    return false
  if (Math.abs(latitude - EQUATOR) > 90 * DEGREE || Math.abs(longitude - EQUATOR) > 180 * DEGREE)
    return false
  // Not above nine, and no power of ten of nothing: what is printed must come back the same.
  if (sizes.some(size => (size & 15) > 9 || size !== sizeByte((size >> 4) * 10 ** (size & 15))))
    return false
  printer.words.push(
    angleText(latitude, 'N', 'S'),
    angleText(longitude, 'E', 'W'),
    metresText(altitude - BASE_CENTIMETRES),
  )
  for (const size of sizes) printer.say(metresText((size >> 4) * 10 ** (size & 15)))
  return true
}
