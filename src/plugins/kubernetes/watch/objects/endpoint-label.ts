// The DNS label of an endpoint, by CoreDNS's rule. It is the host name, or the name of the pod if
// the option asks for it, or the address with dashes.

import { ipToText } from '../../../../base/ip.ts'
import { type Faults, shown } from './json-parts.ts'

export const MAX_LABEL_BYTES = 63

/**
 * An address as `1-2-3-4`. For IPv6 it is Go's text with dashes in place of colons. Where that ends
 * in a dash, a 0 follows, since no label may end in a dash.
 */
export const dashedAddress = (address: Uint8Array): string => {
  if (address.length === 4) return address.join('-')
  const text = ipToText(address).replaceAll(':', '-')
  return text.endsWith('-') ? `${text}0` : text
}

/**
 * '' means that there is no such name. As in CoreDNS, a pod's name that is no valid label is
 * ignored.
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

/** Checks the lower-case form, which can be longer outside ASCII. */
const isLabel = (text: string): boolean =>
  text.length <= MAX_LABEL_BYTES && Buffer.byteLength(text.toLowerCase()) <= MAX_LABEL_BYTES
