// Others that listen at the same place: other processes, and other servers of this one.
// SO_REUSEPORT lets another process of the same user bind the same address, and the kernel then
// gives each of them a part of the queries, without telling either.

import { parseIp, withoutZone } from '../base/ip.ts'
import { isOfStreamShards } from '../chain/listening.ts'
import { type ListenAddress, listenText } from './engine.ts'
import { type OpenPort, openPorts, ownInodes, type Protocol } from './proc-sockets.ts'

const PROTOCOLS: readonly Protocol[] = ['udp', 'tcp']

/**
 * A line for each of these places that another process listens at too. Silent where the system does
 * not tell.
 */
export const sharedPortWarnings = (places: readonly ListenAddress[]): string[] => {
  // Both before and after: a socket that is being opened or closed meanwhile is no stranger's.
  const before = ownInodes()
  const open = PROTOCOLS.flatMap(openPorts)
  const after = ownInodes()
  return sharedPlaces(
    places,
    open.filter(({ inode }) => !before.has(inode) && !after.has(inode)),
  ).map(
    ({ place, protocols }) =>
      `${listenText(place)}: another process listens here too (${protocols.join(', ')}), and answers a part of the queries`,
  )
}

/**
 * The first of these places where this process listens already, if any: for whoever has opened
 * nothing there yet. Undefined where the system does not tell.
 */
export const placeTakenHere = (places: readonly ListenAddress[]): SharedPlace | undefined => {
  const open = PROTOCOLS.flatMap(openPorts)
  if (sharedPlaces(places, open).length === 0) return undefined
  const own = ownInodes()
  return sharedPlaces(
    places,
    open.filter(({ inode }) => own.has(inode)),
  )[0]
}

interface SharedPlace {
  readonly place: ListenAddress
  readonly protocols: readonly Protocol[]
}

export const sharedPlaces = (
  places: readonly ListenAddress[],
  others: readonly OpenPort[],
): SharedPlace[] =>
  places.flatMap(place => {
    const isStream = isOfStreamShards(place.scheme ?? 'dns')
    const met = others.filter(
      other =>
        other.port === place.port &&
        (other.protocol === 'tcp' || !isStream) &&
        overlaps(place.address, other.address),
    )
    const protocols = PROTOCOLS.filter(protocol => met.some(other => other.protocol === protocol))
    return protocols.length === 0 ? [] : [{ place, protocols }]
  })

/**
 * Whether some datagram may go to either. A wildcard of IPv6 is taken to be one of IPv4 too, as it
 * is unless its owner asked otherwise.
 */
export const overlaps = (ours: string, theirs: Uint8Array): boolean => {
  const bytes = parseIp(withoutZone(ours))?.bytes
  const isAny = (address: Uint8Array): boolean => address.every(byte => byte === 0)
  if (bytes === undefined || (theirs.length === 16 && isAny(theirs))) return true
  if (bytes.length !== theirs.length) return false
  return isAny(bytes) || isAny(theirs) || bytes.every((byte, k) => byte === theirs[k])
}
