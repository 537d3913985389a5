// ADDRESS records as main changes them: the owners of an address in a stable order, cluster
// addresses first, then by namespace and service. A record is changed as bytes, since an address
// may have thousands of owners, of which one comes or goes at a time.

import {
  type AddressOwner,
  encodeOwners,
  OWNER_CLUSTER,
  OWNER_ENDPOINT,
} from '../records/address-record.ts'
import { SERVICE_HEADLESS } from '../records/service-record.ts'
import { ServiceView } from '../records/service-view.ts'

export type OwnerKind = AddressOwner['kind']

/** One owner of one address, as a service's record implies it. */
export interface OwnedAddress {
  readonly kind: OwnerKind
  readonly address: Uint8Array
  readonly label: Uint8Array
}

const NO_LABEL = Uint8Array.of(0)
const NOTHING = new Uint8Array(0)

/**
 * What a service's record says of addresses, each once for its kind; by a key of kind and address.
 */
export const ownedAddresses = (record: Uint8Array | undefined): Map<string, OwnedAddress> => {
  const owned = new Map<string, OwnedAddress>()
  if (record === undefined) return owned
  const view = new ServiceView(record, 0, record.length)
  const add = (kind: OwnerKind, address: Uint8Array, label: Uint8Array): void => {
    const key = `${kind}${Buffer.from(address.buffer, address.byteOffset, address.length).toString('latin1')}`
    if (!owned.has(key)) owned.set(key, { kind, address, label })
  }
  if (view.kind !== SERVICE_HEADLESS) {
    for (const size of [4, 16] as const)
      for (const address of view.addresses(size)) add(OWNER_CLUSTER, address, NO_LABEL)
  }
  for (const endpoint of view.endpoints()) add(OWNER_ENDPOINT, endpoint.address, endpoint.label)
  return owned
}

/**
 * The record with that label for the service's owner of that kind, or without such an owner. Empty:
 * nobody owns the address.
 */
export const withOwner = (
  record: Uint8Array = NOTHING,
  kind: OwnerKind,
  service: Uint8Array,
  label: Uint8Array | undefined,
): Uint8Array => {
  const owner = label === undefined ? NOTHING : encodeOwners([{ kind, label, service }])
  let at = 0
  for (let next = 0; at < record.length; at = next) {
    const serviceAt = at + 2 + (record[at + 1] ?? 0)
    next = behindServices(record, serviceAt)
    const order = (record[at] ?? 0) - kind || compareServices(record, serviceAt, service)
    if (order === 0) return Buffer.concat([record.subarray(0, at), owner, record.subarray(next)])
    if (order > 0) break
  }
  return Buffer.concat([record.subarray(0, at), owner, record.subarray(at)])
}

const behindServices = (record: Uint8Array, serviceAt: number): number => {
  const namespaceAt = serviceAt + 1 + (record[serviceAt] ?? 0)
  return namespaceAt + 1 + (record[namespaceAt] ?? 0)
}

/** By namespace, then by name. */
const compareServices = (record: Uint8Array, serviceAt: number, service: Uint8Array): number => {
  const namespaceAt = serviceAt + 1 + (record[serviceAt] ?? 0)
  return (
    compareLabels(record, namespaceAt, service, 1 + (service[0] ?? 0)) ||
    compareLabels(record, serviceAt, service, 0)
  )
}

const compareLabels = (a: Uint8Array, aAt: number, b: Uint8Array, bAt: number): number => {
  const [aLength, bLength] = [a[aAt] ?? 0, b[bAt] ?? 0]
  for (let k = 1; k <= Math.min(aLength, bLength); k++) {
    const difference = (a[aAt + k] ?? 0) - (b[bAt + k] ?? 0)
    if (difference !== 0) return difference
  }
  return aLength - bLength
}
