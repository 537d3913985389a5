// Warnings about zones that CoreDNS prints at start, though it serves these zones.

const PREFERRED = /^(?:[a-z](?:[a-z0-9-]*[a-z0-9])?\.)+$/i
const REVERSE = /(?:^|\.)(?:in-addr|ip6)\.arpa\.$/i

/**
 * CoreDNS's words for a zone that is no RFC 1035 host name, and neither the root nor a reverse
 * zone; else undefined. Serving it is fine.
 */
export const zoneSyntaxWarning = (zone: string): string | undefined =>
  zone === '.' || REVERSE.test(zone) || PREFERRED.test(zone)
    ? undefined
    : `Domain "${zone}" does not follow RFC1035 preferred syntax`
