// A file like resolv.conf in place of upstreams: whether a word names one, and its name servers.

import { readTextFile } from '../base/files/text-file.ts'
import { isIP } from '../base/ip-text.ts'
import { goQuote } from '../corefile/words/strconv.ts'
import { readNameservers } from './addresses.ts'

export const isFile = async (path: string): Promise<boolean> => {
  try {
    return !(await process.getBuiltinModule('node:fs/promises').stat(path)).isDirectory()
  } catch {
    // Absent or unreachable: then it is taken for a host name, as in CoreDNS.
    return false
  }
}

/** Throws CoreDNS's text for what is no address. */
export const nameserversIn = (path: string): string[] => {
  const servers = readNameservers(readTextFile(path))
  for (const server of servers) {
    if (isIP(server) === 0) throw new Error(`not an IP address in ${path}: ${goQuote(server)}`)
  }
  return servers
}
