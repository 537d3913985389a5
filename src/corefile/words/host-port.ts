// `host:port` as Go's net.SplitHostPort reads it, with its error texts.

export interface HostPort {
  /** Without brackets; '' for all addresses. */
  readonly host: string
  readonly port: string
}

/** The port number, 0 to 65535; undefined for any other text, also for service names. */
export const parsePort = (text: string): number | undefined => {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : -1
  return port < 0 || port > 65535 ? undefined : port
}

/**
 * Splits `host:port`, `[host]:port` or `:port`. The port is not checked. Returns Go's error text in
 * `error` for anything else.
 */
export const splitHostPort = (text: string): HostPort | { readonly error: string } => {
  const failed = (why: string) => ({ error: `address ${text}: ${why}` })
  const colon = text.lastIndexOf(':')
  if (colon < 0) return failed('missing port in address')
  let host = text.slice(0, colon)
  if (text.startsWith('[')) {
    const end = text.indexOf(']')
    if (end < 0) return failed("missing ']' in address")
    if (end + 1 === text.length) return failed('missing port in address')
    if (end + 1 !== colon)
      return failed(
        text[end + 1] === ':' ? 'too many colons in address' : 'missing port in address',
      )
    host = text.slice(1, end)
    if (host.includes('[')) return failed("unexpected '[' in address")
  } else {
    if (host.includes(':')) return failed('too many colons in address')
    if (text.includes('[')) return failed("unexpected '[' in address")
  }
  if (text.indexOf(']', text.startsWith('[') ? text.indexOf(']') + 1 : 0) >= 0)
    return failed("unexpected ']' in address")
  return { host, port: text.slice(colon + 1) }
}
