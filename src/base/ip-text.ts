// Whether a text is an IP address, as node:net says. Its own isIPv6 is a regular
// expression that takes 5 ms at its first call, in each thread.

import { isIPv4 } from 'node:net'

export { isIPv4 }

const MOST_GROUPS = 8
const GROUP = /^[0-9a-f]{1,4}$/i
/** What follows the first `%`. */
const ZONE = /^[0-9a-z.:-]+$/i

/** With or without a zone (`fe80::1%eth0`). */
export const isIPv6 = (text: string): boolean => {
  if (!text.includes(':')) return false
  const percent = text.indexOf('%')
  if (percent >= 0 && !ZONE.test(text.slice(percent + 1))) return false
  const address = percent < 0 ? text : text.slice(0, percent)
  const gap = address.indexOf('::')
  if (gap < 0) return groupsIn(address, true) === MOST_GROUPS
  const [before, after] = [address.slice(0, gap), address.slice(gap + 2)]
  // A gap stands for one group at least.
  return (
    (before === '' ? 0 : groupsIn(before, false)) + (after === '' ? 0 : groupsIn(after, true)) <
    MOST_GROUPS
  )
}

/** 4, 6, or 0 for no address. */
export const isIP = (text: string): 0 | 4 | 6 => {
  if (isIPv4(text)) return 4
  return isIPv6(text) ? 6 : 0
}

/** Groups of 16 bits; NaN if it is no list of them. The end of an address may be one of IPv4. */
const groupsIn = (list: string, isEnd: boolean): number => {
  const groups = list.split(':')
  const last = groups.at(-1) ?? ''
  const hasIpv4 = isEnd && last.includes('.')
  if (hasIpv4 && !isIPv4(last)) return Number.NaN
  const plain = hasIpv4 ? groups.slice(0, -1) : groups
  return plain.every(group => GROUP.test(group)) ? groups.length + (hasIpv4 ? 1 : 0) : Number.NaN
}
