import assert from 'node:assert/strict'
import { test } from 'node:test'
import { addressOf, labelsOf, labelsText } from '../../../../../test/fakes/cluster.ts'
import { generator } from '../../../../../test/fakes/crew.ts'
import { decodeOwners, OWNER_CLUSTER, OWNER_ENDPOINT } from '../../records/address-record.ts'
import { labelBytes } from '../../records/record-keys.ts'
import {
  encodeGroup,
  encodeService,
  SERVICE_CLUSTER,
  SERVICE_HEADLESS,
  type ServiceKind,
} from '../../records/service-record.ts'
import { addressOfOwned, labelOfOwned, ownedAddresses, withOwner } from './address-owners.ts'

const labelOf = (text: string): Uint8Array =>
  text === '' ? Uint8Array.of(0) : (labelBytes(text) ?? new Uint8Array(0))

const ownersIn = (record: Uint8Array | undefined): string[] =>
  decodeOwners(record ?? new Uint8Array(0), 0, record?.length ?? 0).map(
    ({ kind, label, service }) => `${kind} ${labelsText(label)} ${labelsText(service)}`,
  )

test('owners stand in one order, whatever the order in which they came', () => {
  const below = generator(3)
  const owners = ['b', 'a', 'aa'].flatMap(namespace =>
    ['web', 'db', 'w'].map(name => ({ namespace, name })),
  )
  const records = Array.from({ length: 20 }, () => {
    let record: Uint8Array | undefined
    const rest = owners.flatMap(owner =>
      ([OWNER_CLUSTER, OWNER_ENDPOINT] as const).map(kind => ({ ...owner, kind })),
    )
    while (rest.length > 0) {
      for (const { kind, namespace, name } of rest.splice(below(rest.length), 1)) {
        record = withOwner(
          record,
          kind,
          labelsOf(namespace, name),
          labelOf(kind === OWNER_CLUSTER ? '' : 'e'),
        )
      }
    }
    return ownersIn(record)
  })
  const order = ['a', 'aa', 'b'].flatMap(namespace =>
    ['db', 'w', 'web'].map(name => `${name}.${namespace}`),
  )
  assert.deepEqual(records[0], [
    ...order.map(name => `1  ${name}`),
    ...order.map(name => `2 e ${name}`),
  ])
  for (const record of records) assert.deepEqual(record, records[0])
})

test('an owner is replaced, taken out, and taken out again', () => {
  const service = labelsOf('shop', 'web')
  let record = withOwner(undefined, OWNER_ENDPOINT, service, labelOf('one'))
  record = withOwner(record, OWNER_ENDPOINT, labelsOf('shop', 'db'), labelOf('one'))
  record = withOwner(record, OWNER_ENDPOINT, service, labelOf('longer'))
  assert.deepEqual(ownersIn(record), ['2 one db.shop', '2 longer web.shop'])
  record = withOwner(record, OWNER_CLUSTER, service, undefined)
  record = withOwner(record, OWNER_ENDPOINT, service, undefined)
  record = withOwner(record, OWNER_ENDPOINT, service, undefined)
  assert.deepEqual(ownersIn(record), ['2 one db.shop'])
  assert.equal(withOwner(record, OWNER_ENDPOINT, labelsOf('shop', 'db'), undefined).length, 0)
})

const recordOf = (kind: ServiceKind): Uint8Array =>
  encodeService({
    kind,
    clusterAddresses:
      kind === SERVICE_CLUSTER ? [addressOf('192.0.2.1'), addressOf('2001:db8::1')] : [],
    ports: [],
    groups: ['first', 'second'].map(label =>
      encodeGroup({
        ports: [{ number: 80, name: '', protocol: 'tcp' }],
        endpoints: ['192.0.2.1', '198.51.100.1'].map(text => ({
          address: addressOf(text),
          label,
          zone: '',
          cluster: '',
        })),
      }),
    ),
    target: undefined,
  })

for (const { name, record, gives } of [
  { name: 'no record', record: undefined, gives: [] },
  {
    name: 'headless: its endpoints, each by its first label',
    record: recordOf(SERVICE_HEADLESS),
    gives: ['2 192.0.2.1 first', '2 198.51.100.1 first'],
  },
  {
    name: 'cluster addresses, and endpoints besides',
    record: recordOf(SERVICE_CLUSTER),
    gives: [
      '1 192.0.2.1 ',
      '1 32.1.13.184.0.0.0.0.0.0.0.0.0.0.0.1 ',
      '2 192.0.2.1 first',
      '2 198.51.100.1 first',
    ],
  },
]) {
  test(`ownedAddresses: ${name}`, () => {
    const owned = [...ownedAddresses(record).values()].map(
      owned =>
        `${owned.kind} ${addressOfOwned(owned).join('.')} ${labelsText(labelOfOwned(owned))}`,
    )
    assert.deepEqual(owned, gives)
  })
}
