// An upstream's address as it stands in a Corefile.

import { isIPv6 } from '../base/ip-text.ts'

/**
 * HOST, HOST:PORT, [V6], [V6]:PORT or V6; `%name` may follow the address. `port` is undefined when
 * there is none.
 */
export const splitHostPort = (
  text: string,
): {
  readonly host: string
  readonly port: string | undefined
} => {
  const bracketed = /^\[([^\]]*)\](?::(.*))?$/s.exec(text)
  if (bracketed !== null) return { host: bracketed[1] ?? '', port: bracketed[2] }
  const percent = text.indexOf('%')
  const isBareV6 = isIPv6(percent < 0 ? text : text.slice(0, percent))
  const colon = isBareV6 ? (percent < 0 ? -1 : text.indexOf(':', percent)) : text.lastIndexOf(':')
  return colon < 0
    ? { host: text, port: undefined }
    : { host: text.slice(0, colon), port: text.slice(colon + 1) }
}
