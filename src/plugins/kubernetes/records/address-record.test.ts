import assert from 'node:assert/strict'
import { test } from 'node:test'
import { labelsOf } from '../../../../test/fakes/cluster.ts'
import {
  type AddressOwner,
  decodeOwners,
  encodeOwners,
  OWNER_CLUSTER,
  OWNER_ENDPOINT,
} from './address-record.ts'
import { labelBytes } from './record-keys.ts'

const cluster: AddressOwner = {
  kind: OWNER_CLUSTER,
  label: Uint8Array.of(0),
  service: Uint8Array.from(labelsOf('shop', 'web')),
}
const endpoint: AddressOwner = {
  kind: OWNER_ENDPOINT,
  label: labelBytes('x'.repeat(63)) ?? Uint8Array.of(),
  service: Uint8Array.from(labelsOf('n'.repeat(63), 's'.repeat(63))),
}

for (const { name, owners } of [
  { name: 'none', owners: [] },
  { name: 'a cluster address', owners: [cluster] },
  { name: 'an endpoint with the longest labels', owners: [endpoint] },
  { name: 'several', owners: [cluster, endpoint, cluster] },
]) {
  test(`decodeOwners reads what encodeOwners wrote: ${name}`, () => {
    const record = encodeOwners(owners)
    const among = Buffer.concat([Buffer.alloc(3, 1), record, Buffer.alloc(70, 2)])
    assert.deepEqual(decodeOwners(Uint8Array.from(among), 3, record.length), owners)
  })
}
