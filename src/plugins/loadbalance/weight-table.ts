// The weight file: names, each followed by addresses with their weights. Text to table and look-up;
// reading files is control.ts's.

import { parseIp } from '../../base/ip.ts'
import { toHex } from '../../base/text/byte-text.ts'
import type { Reply } from '../../chain/reply/reply.ts'
import { expandName, foldName, MAX_NAME_SIZE, nameFromText, nameToText } from '../../wire/name.ts'

const DEFAULT_WEIGHT = 1
const WEIGHT_MAX = 255

/** Plain data: name in lower-case presentation form to address (hex) to weight. */
export type WeightEntries = [name: string, weights: [address: string, weight: number][]][]

/**
 * Throws an Error with CoreDNS's text for a file it would refuse. `file` is its path, for the
 * texts.
 */
export const parseWeights = (text: string, file: string): WeightEntries => {
  const table = new Map<string, [string, number][]>()
  let weights: [string, number][] | undefined
  for (const raw of text.split('\n')) {
    const line = raw.trim()
    if (line === '' || line.startsWith('#')) continue
    const [first = '', second, ...more] = line.split(/\s+/)
    if (more.length > 0)
      throw new Error(`could not parse weight line:"${line}" in weight file ${file}`)
    if (second === undefined) {
      const name = nameOf(first, file)
      weights = table.get(name) ?? []
      table.set(name, weights)
      continue
    }
    const entry = weightOf(first, second, file)
    if (weights === undefined) throw new Error(`missing domain name in weight file ${file}`)
    weights.push(entry)
  }
  return [...table]
}

const nameOf = (text: string, file: string): string => {
  if (parseIp(text) !== undefined) {
    throw new Error(
      `wrong domain name:"${text}" in weight file ${file}. (Maybe a missing weight value?)`,
    )
  }
  const wire = nameFromText(text.endsWith('.') ? text : `${text}.`)
  if (wire === undefined) throw new Error(`wrong domain name:"${text}" in weight file ${file}`)
  return nameToText(foldName(wire))
}

const weightOf = (address: string, text: string, file: string): [string, number] => {
  const ip = parseIp(address)
  if (ip === undefined) throw new Error(`wrong IP address:"${address}" in weight file ${file}`)
  const weight = /^\d+$/.test(text) ? Number(text) : 0
  if (weight < 1 || weight > WEIGHT_MAX)
    throw new Error(`wrong weight value:"${text}" in weight file ${file}`)
  return [toHex(ip.bytes), weight]
}

const owner = new Uint8Array(MAX_NAME_SIZE)

/** A name in lower case as a key: one character for each byte of its wire form. */
const keyOf = (wire: Uint8Array): string => Buffer.from(foldName(wire).buffer).toString('latin1')

/** Look-up of weights by a record's owner and address. */
export class WeightTable {
  readonly #weights: ReadonlyMap<string, ReadonlyMap<string, number>>
  /** Sizes of its names: owners of other sizes are not looked up. */
  readonly #sizes: ReadonlySet<number>

  constructor(entries: WeightEntries) {
    // Of several weights for one address the first counts.
    this.#weights = new Map(
      entries.map(([name, weights]) => [keyOf(nameFromText(name)!), new Map(weights.toReversed())]),
    )
    this.#sizes = new Set([...this.#weights.keys()].map(key => key.length))
  }

  /** The weight of the address record `index`; 1 for addresses without one. */
  weightOf({ bytes, layout }: Reply, index: number): number {
    if (this.#weights.size === 0) return DEFAULT_WEIGHT
    const size = expandName(bytes, layout.ownerOffset(index), owner)
    const weights = this.#sizes.has(size)
      ? this.#weights.get(keyOf(owner.subarray(0, size)))
      : undefined
    if (weights === undefined) return DEFAULT_WEIGHT
    const start = layout.rdataOffset(index)
    return (
      weights.get(toHex(bytes.subarray(start, start + layout.rdataLength(index)))) ?? DEFAULT_WEIGHT
    )
  }
}
