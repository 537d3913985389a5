// What is kept of an EndpointSlice: the name of its service, then its ready endpoints and ports as
// in a service's record. The text has a character for each byte.

import { isLabelText } from '../../records/record-keys.ts'
import { shown } from './json-parts.ts'
import type { Trimmed } from './service-text.ts'

export interface SliceOptions {
  /** Whether endpoints without a host name have the names of their pods. */
  readonly endpointPodNames: boolean
  /** Whether the slices are those of imported services. */
  readonly isImported: boolean
}

/** Labels of a slice. */
export const SERVICE_LABEL = 'kubernetes.io/service-name'
export const IMPORT_LABEL = 'multicluster.kubernetes.io/service-name'
export const CLUSTER_LABEL = 'multicluster.kubernetes.io/source-cluster'

/** Why a slice cannot be used. '' if there is nothing to report. Undefined if it can be used. */
export const unusedSlice = (
  service: string,
  cluster: string,
  addressType: unknown,
  { isImported }: SliceOptions,
): Trimmed | undefined => {
  if (service === '' || addressType === 'FQDN') return unusable('')
  if (!isLabelText(service)) return unusable(`service name ${shown(service)} is no label`)
  if (isImported && !isLabelText(cluster))
    return unusable(`source cluster ${shown(cluster)} is no label`)
  if (addressType !== 'IPv4' && addressType !== 'IPv6')
    return unusable(`address type ${shown(addressType)} is unknown`)
  return undefined
}

const unusable = (reason: string): Trimmed => ({ text: undefined, reason })

/** Name of the service that a trimmed slice belongs to. */
export const serviceOfSlice = (text: string): string => {
  const name = text.slice(1, groupStart(text))
  // biome-ignore lint/suspicious/noControlCharactersInRegex: whatever ASCII is.
  return /^[\x00-\x7f]*$/.test(name) ? name : Buffer.from(name, 'latin1').toString('utf8')
}

/** Its endpoints and ports, in the form of a service's record. */
export const groupOfSlice = (text: string): Uint8Array =>
  Buffer.from(text.slice(groupStart(text)), 'latin1')

const groupStart = (text: string): number => 1 + text.charCodeAt(0)
