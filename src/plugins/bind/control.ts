// The main half of bind: interfaces to their addresses. Sets BlockSettings.bindAddresses, no more.

import { networkInterfaces } from 'node:os'
import { parseIp, withoutZone } from '../../base/ip.ts'
import { isIPv6 } from '../../base/ip-text.ts'
import { assertBindable } from '../../chain/bindable.ts'
import type { BlockSettings } from '../../chain/block.ts'
import type { ControlScope } from '../../chain/plugin/control-scope.ts'
import type { InspectScope } from '../../chain/plugin/inspect-scope.ts'
import { goQuote } from '../../corefile/words/strconv.ts'
import type { BindLine } from './options.ts'

export const inspect = async (lines: readonly BindLine[], scope: InspectScope): Promise<void> => {
  const interfaces = addressesByInterface()
  const words = lines.flatMap(({ listen, except }) => [...listen, ...except])
  const known = await Promise.all(
    words.map(word => scope.attempt(() => expand([word], interfaces))),
  )
  if (known.every(Boolean)) settle(lines, scope.settings)
  for (const address of lines.flatMap(writtenAddresses))
    await scope.attempt(() => assertBindable(address, address))
}

export const control = (lines: readonly BindLine[], scope: ControlScope): undefined => {
  settle(lines, scope.settings)
  return undefined
}

const settle = (lines: readonly BindLine[], settings: BlockSettings): void => {
  const interfaces = addressesByInterface()
  const chosen = lines.flatMap(line => {
    const except = new Set(expand(line.except, interfaces))
    return expand(line.listen, interfaces).filter(address => !except.has(address))
  })
  settings.bindAddresses = [...(settings.bindAddresses ?? []), ...chosen]
}

/** Those that are listened on, without those of interfaces. */
const writtenAddresses = ({ listen, except }: BindLine): string[] =>
  listen.filter(word => parseIp(withoutZone(word)) !== undefined && !except.includes(word))

const LINK_LOCAL = /^fe[89ab]/

const addressesByInterface = (): Map<string, string[]> =>
  new Map(
    Object.entries(networkInterfaces()).map(([name, entries = []]) => [
      name,
      entries.map(({ address }) => (LINK_LOCAL.test(address) ? `${address}%${name}` : address)),
    ]),
  )

/**
 * CoreDNS takes no zone here; but without one a link-local address is none that can be listened on.
 */
const isAddress = (word: string, interfaces: ReadonlyMap<string, unknown>): boolean => {
  if (parseIp(withoutZone(word)) === undefined) return false
  const percent = word.indexOf('%')
  if (percent < 0) return true
  const zone = word.slice(percent + 1)
  return isIPv6(word) && (interfaces.has(zone) || /^\d+$/.test(zone))
}

const expand = (
  words: readonly string[],
  interfaces: ReadonlyMap<string, readonly string[]>,
): string[] =>
  words.flatMap(word => {
    const addresses = interfaces.get(word)
    if (addresses !== undefined) return addresses
    if (!isAddress(word, interfaces))
      throw new Error(`not a valid IP address or interface name: ${goQuote(word)}`)
    return [word]
  })
