// ADDRESS records as main changes them: the owners of an address in a stable order, cluster
// addresses first, then by namespace and service. A record is changed as bytes, since an address
// may have thousands of owners, of which one comes or goes at a time.

import {
  type AddressOwner,
  encodeOwner,
  OWNER_CLUSTER,
  OWNER_ENDPOINT,
} from '../../records/address-record.ts'
import { EndpointWalk } from '../../records/endpoint-walk.ts'
import {
  addressKey,
  RECORD_ADDRESSES,
  RECORD_V4,
  RECORD_V6,
  SERVICE_HEADLESS,
} from '../../records/service-record.ts'

export type OwnerKind = AddressOwner['kind']

/** An owner of an address that follows from a service's record, with its place in the record. */
export interface OwnedAddress {
  readonly kind: OwnerKind
  readonly record: Uint8Array
  readonly addressAt: number
  /** Size of the address: 4 or 16 bytes. */
  readonly size: number
  /** Offset of the label's length byte. -1 for a cluster address, which has no label. */
  readonly labelAt: number
}

const NO_LABEL = Uint8Array.of(0)
const NOTHING = new Uint8Array(0)
const NOBODY: ReadonlyMap<string | number, OwnedAddress> = new Map()

/** The address, copied. */
export const addressOfOwned = ({ record, addressAt, size }: OwnedAddress): Uint8Array => {
  const address = new Uint8Array(size)
  for (let k = 0; k < size; k++) address[k] = record[addressAt + k]!
  return address
}

/** The label, not copied. */
export const labelOfOwned = ({ record, labelAt }: OwnedAddress): Uint8Array =>
  labelAt < 0 ? NO_LABEL : record.subarray(labelAt, labelAt + 1 + record[labelAt]!)

export const haveSameLabel = (one: OwnedAddress, other: OwnedAddress): boolean => {
  if (one.labelAt < 0 || other.labelAt < 0) return one.labelAt === other.labelAt
  const length = one.record[one.labelAt]!
  for (let k = 0; k <= length; k++)
    if (one.record[one.labelAt + k] !== other.record[other.labelAt + k]) return false
  return true
}

/** The owners that follow from a service's record, by a key of kind and address. */
export const ownedAddresses = (
  record: Uint8Array | undefined,
): ReadonlyMap<string | number, OwnedAddress> => {
  if (record === undefined) return NOBODY
  const owned = new Map<string | number, OwnedAddress>()
  const add = (kind: OwnerKind, addressAt: number, size: number, labelAt: number): void => {
    const key = addressKey(record, addressAt, size)
    // The key of an endpoint's address is a negative number, or text with a mark.
    const kindKey =
      kind === OWNER_CLUSTER ? key : typeof key === 'number' ? -1 - key : `endpoint ${key}`
    if (!owned.has(kindKey)) owned.set(kindKey, { kind, record, addressAt, size, labelAt })
  }
  if (record[0] !== SERVICE_HEADLESS) {
    const v6At = RECORD_ADDRESSES + 4 * u16At(record, RECORD_V4)
    const end = v6At + 16 * u16At(record, RECORD_V6)
    for (let at = RECORD_ADDRESSES; at < v6At; at += 4) add(OWNER_CLUSTER, at, 4, -1)
    for (let at = v6At; at < end; at += 16) add(OWNER_CLUSTER, at, 16, -1)
  }
  const walk = new EndpointWalk()
  walk.start(record, 0, record.length)
  while (walk.next()) {
    const size = record[walk.at]!
    add(OWNER_ENDPOINT, walk.at + 1, size, walk.at + 1 + size)
  }
  return owned
}

const u16At = (bytes: Uint8Array, at: number): number => (bytes[at]! << 8) | bytes[at + 1]!

/**
 * The record after the service's owner of that kind gets this label, or is removed. An empty record
 * means that the address has no owners.
 */
export const withOwner = (
  record: Uint8Array = NOTHING,
  kind: OwnerKind,
  service: Uint8Array,
  label: Uint8Array | undefined,
): Uint8Array => {
  const owner = label === undefined ? NOTHING : encodeOwner(kind, label, service)
  if (record.length === 0) return owner
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

/** Compares by namespace, then by name. */
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
