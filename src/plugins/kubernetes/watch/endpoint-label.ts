// The DNS label of an endpoint, by CoreDNS's rule: its host name, else its pod's name if that is
// asked for, else its address with dashes.

import { ipToText } from '../../../base/ip.ts'
import { type Faults, shown } from './json-parts.ts'

export const MAX_LABEL_BYTES = 63

/**
 * `1-2-3-4`; of IPv6 Go's text with dashes for colons, and a 0 where it would end in a dash: no
 * label may.
 */
export const dashedAddress = (address: Uint8Array): string => {
  if (address.length === 4) return address.join('-')
  const text = ipToText(address).replaceAll(':', '-')
  return text.endsWith('-') ? `${text}0` : text
}

/**
 * '' stands for a name that is not there; a pod's name that is no label counts as such, as in
 * CoreDNS.
 */
export const endpointLabel = (
  hostname: string,
  podName: string,
  address: Uint8Array,
  faults: Faults,
): string => {
  if (hostname !== '') {
    if (isLabel(hostname)) return hostname.toLowerCase()
    faults.add(`host name ${shown(hostname)} is longer than ${MAX_LABEL_BYTES} bytes`)
  }
  if (podName !== '' && isLabel(podName)) return podName.toLowerCase()
  return dashedAddress(address)
}

/** In lower case, which outside ASCII can be longer. */
const isLabel = (text: string): boolean =>
  text.length <= MAX_LABEL_BYTES && Buffer.byteLength(text.toLowerCase()) <= MAX_LABEL_BYTES
