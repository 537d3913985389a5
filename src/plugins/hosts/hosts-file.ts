// The hosts file format (hosts(5)): text to entries. Lines that say nothing sound are ignored, as in CoreDNS.

import { parseIp, withoutZone } from '../../core/ip.ts'
import type { ZoneSet } from '../../core/zones.ts'
import { nameFromText, nameToText } from '../../wire/name.ts'

export interface HostsEntry {
  /** Four bytes or sixteen. */
  readonly address: Uint8Array
  /** Presentation form, lower case, trailing dot; well-formed. `*.example.org.` is a wildcard. */
  readonly name: string
  /** The same in wire form. */
  readonly wire: Uint8Array
}

/** Entries in the order of the text; names outside `zones` are left out. */
export const parseHosts = (text: string, zones: ZoneSet): HostsEntry[] => {
  const entries: HostsEntry[] = []
  // Long lists name the same address in line after line: read it once.
  let addressText = ''
  let address: Uint8Array | undefined
  for (const line of text.split('\n')) {
    const [first, ...names] = fieldsOf(line)
    if (first === undefined || names.length === 0) continue
    if (first !== addressText) {
      addressText = first
      address = parseIp(withoutZone(first))?.bytes
    }
    if (address === undefined) continue
    for (const written of names) {
      const wire = nameFromText(written.toLowerCase())
      if (wire === undefined) continue
      const name = nameToText(wire)
      if (zones.match(name) !== undefined) entries.push({ address, name, wire })
    }
  }
  return entries
}

const fieldsOf = (line: string): string[] => {
  const hash = line.indexOf('#')
  return (hash < 0 ? line : line.slice(0, hash)).split(/\s+/).filter(field => field !== '')
}
