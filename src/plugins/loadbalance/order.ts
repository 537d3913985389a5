// In which order the records of one section go out. Records are their indexes in the reply's
// layout; nothing is moved here.

import type { CidrSet, IpAddress } from '../../base/ip.ts'
import type { Reply } from '../../chain/reply/reply.ts'
import { TYPE_A, TYPE_AAAA, TYPE_CNAME, TYPE_MX } from '../../wire/rrtypes.ts'
import { below, type Draw, shuffle } from './random.ts'

interface Groups {
  readonly aliases: number[]
  readonly addresses: number[]
  readonly exchangers: number[]
  readonly rest: number[]
}

const groupsOf = ({ layout }: Reply, section: readonly number[]): Groups => {
  const groups: Groups = { aliases: [], addresses: [], exchangers: [], rest: [] }
  for (const index of section) groupFor(layout.type(index), groups).push(index)
  return groups
}

const groupFor = (type: number, groups: Groups): number[] => {
  if (type === TYPE_CNAME) return groups.aliases
  if (type === TYPE_A || type === TYPE_AAAA) return groups.addresses
  return type === TYPE_MX ? groups.exchangers : groups.rest
}

const joined = ({ aliases, rest, addresses, exchangers }: Groups): number[] => [
  ...aliases,
  ...rest,
  ...addresses,
  ...exchangers,
]

const swap = (items: number[], a: number, b: number): void => {
  const item = items[a]!
  items[a] = items[b]!
  items[b] = item
}

/** Addresses of both families are shuffled together, mail exchangers by themselves. */
export const roundRobin = (
  reply: Reply,
  section: readonly number[],
  draw: Draw,
): readonly number[] => {
  const groups = groupsOf(reply, section)
  for (const items of [groups.addresses, groups.exchangers])
    shuffle(items, 0, items.length, draw, swap)
  return joined(groups)
}

/**
 * One address, chosen with a probability proportional to its weight, changes places with the first
 * one.
 */
export const weighted = (
  reply: Reply,
  section: readonly number[],
  weightOf: (reply: Reply, index: number) => number,
  draw: Draw,
): readonly number[] => {
  const groups = groupsOf(reply, section)
  const { addresses } = groups
  const first = addresses[0]
  if (first === undefined) return section
  const weights = addresses.map(index => weightOf(reply, index))
  const chosen = pick(weights, draw)
  addresses[0] = addresses[chosen]!
  addresses[chosen] = first
  return joined(groups)
}

const pick = (weights: readonly number[], draw: Draw): number => {
  let left = below(
    weights.reduce((sum, weight) => sum + weight, 0),
    draw,
  )
  return weights.findIndex(weight => (left -= weight) < 0)
}

/**
 * Addresses in the subnets come first, those of the first subnet before those of the second;
 * otherwise the order stays.
 */
export const preferred = (
  reply: Reply,
  section: readonly number[],
  subnets: readonly CidrSet[],
): readonly number[] => {
  const { aliases, addresses, exchangers, rest } = groupsOf(reply, section)
  const ranks = new Map(addresses.map(index => [index, rankOf(addressAt(reply, index), subnets)]))
  addresses.sort((a, b) => ranks.get(a)! - ranks.get(b)!)
  return [...aliases, ...addresses, ...exchangers, ...rest]
}

const rankOf = (address: IpAddress, subnets: readonly CidrSet[]): number => {
  const rank = subnets.findIndex(subnet => subnet.has(address))
  return rank < 0 ? subnets.length : rank
}

const addressAt = ({ bytes, layout }: Reply, index: number): IpAddress => {
  const start = layout.rdataOffset(index)
  const family = layout.type(index) === TYPE_A ? 4 : 6
  return { bytes: bytes.subarray(start, start + layout.rdataLength(index)), family }
}
