// What an address is called, as shards find it for PTR: names one after the other, each
//
//   byte 0   1: cluster address of a service, 2: endpoint of a service
//        1.. endpoint label (a byte 0 for a cluster address), service label, namespace label: a
//            length byte and text each

export const OWNER_CLUSTER = 1
export const OWNER_ENDPOINT = 2

export interface AddressOwner {
  readonly kind: typeof OWNER_CLUSTER | typeof OWNER_ENDPOINT
  /** Length byte and lower-case text. A cluster address has the single byte 0. */
  readonly label: Uint8Array
  /** Service label and namespace label. */
  readonly service: Uint8Array
}

export const encodeOwners = (owners: readonly AddressOwner[]): Uint8Array =>
  Buffer.concat(owners.map(({ kind, label, service }) => encodeOwner(kind, label, service)))

export const encodeOwner = (
  kind: AddressOwner['kind'],
  label: Uint8Array,
  service: Uint8Array,
): Uint8Array => {
  const owner = new Uint8Array(1 + label.length + service.length)
  owner[0] = kind
  owner.set(label, 1)
  owner.set(service, 1 + label.length)
  return owner
}

/** The owners in the bytes from `at` to `at + length`, copied. */
export const decodeOwners = (bytes: Uint8Array, at: number, length: number): AddressOwner[] => {
  const owners: AddressOwner[] = []
  const end = at + length
  for (let from = at; from < end; ) {
    const label = from + 1
    const service = label + 1 + (bytes[label] ?? 0)
    const namespace = service + 1 + (bytes[service] ?? 0)
    const next = namespace + 1 + (bytes[namespace] ?? 0)
    const kind = bytes[from] === OWNER_CLUSTER ? OWNER_CLUSTER : OWNER_ENDPOINT
    owners.push({ kind, label: bytes.slice(label, service), service: bytes.slice(service, next) })
    from = next
  }
  return owners
}
