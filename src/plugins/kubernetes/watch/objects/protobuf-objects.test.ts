// Objects in protobuf are cut down to what the same objects in JSON are, and what is wrong with
// them is said in the same words.

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { parseAllDocuments } from 'yaml'
import { bigCluster } from '../../../../../test/fakes/kube-api/big-cluster.ts'
import { objectMessage, run } from '../../../../../test/fakes/kube-api/protobuf.ts'
import { findResource, resourceNamed } from '../../../../../test/fakes/kube-api/resources.ts'
import { KubeError } from '../../../../kube/kube-error.ts'
import type { KubeObject } from '../../../../kube/kube-object.ts'
import { ObjectBytes } from '../../../../kube/protobuf/object-bytes.ts'
import { trimSlice } from './endpoint-slices.ts'
import { isBeingDeleted, trimNamespace, trimPod, trimService } from './objects.ts'
import type { Trimmed } from './service-text.ts'

const TRIMS: Readonly<Record<string, (object: KubeObject) => readonly Trimmed[]>> = {
  Service: object => [trimService(object)],
  EndpointSlice: object =>
    [false, true].flatMap(endpointPodNames =>
      [false, true].map(isImported => trimSlice(object, { endpointPodNames, isImported })),
    ),
  Namespace: object => [trimNamespace(object)],
  Pod: object => [trimPod(object, false), trimPod(object, true)],
}

const inProtobuf = (kind: string, object: unknown): ObjectBytes => {
  const message = objectMessage(resourceNamed(kind), object)
  // As it lies in a chunk: between others' bytes.
  const bytes = Buffer.concat([Buffer.alloc(5, 0xff), message, Buffer.alloc(5, 0xff)])
  return new ObjectBytes(bytes, 5, 5 + message.length)
}

const assertSame = (kind: string, object: KubeObject, what: string): void => {
  const trim = TRIMS[kind]
  if (trim === undefined) return
  const bytes = inProtobuf(kind, object)
  assert.deepEqual(trim(bytes), trim(object), what)
  const { name, namespace = '' } = object.metadata
  assert.deepEqual([bytes.metadata.name, bytes.metadata.namespace], [name, namespace], what)
  assert.equal(isBeingDeleted(bytes), isBeingDeleted(object), what)
}

const GOLDEN = join(import.meta.dirname, '../../../../../test/golden/kubernetes/cluster.yaml')

test('each object of the recorded cluster', () => {
  const documents = parseAllDocuments(readFileSync(GOLDEN, 'utf8')).map(one => one.toJS())
  const objects = documents.filter(one => findResource(one?.kind ?? '') !== undefined)
  assert.ok(objects.length > 100)
  for (const object of objects)
    assertSame(object.kind, object, `${object.kind} ${object.metadata.name}`)
})

test('each object of a large cluster', () => {
  for (const object of bigCluster({ services: 200, endpoints: 2000 }))
    assertSame(object.kind, object, `${object.kind} ${object.metadata.name}`)
})

const service = (spec: unknown, status: unknown = {}) => ({
  metadata: { name: 'web', namespace: 'shop' },
  spec,
  status,
})
const slice = (
  endpoints: readonly unknown[],
  ports: readonly unknown[] = [],
  labels: unknown = { 'kubernetes.io/service-name': 'Web' },
  addressType = 'IPv4',
) => ({ metadata: { name: 'web-1', namespace: 'shop', labels }, addressType, endpoints, ports })
const pod = (podIP: unknown, metadata: object = {}) => ({
  metadata: { name: 'web-0', namespace: 'shop', ...metadata },
  status: { podIP },
})
const long = (length: number): string => 'x'.repeat(length)
const addresses = (...texts: string[]) => texts.map(text => ({ addresses: [text] }))

const CASES: readonly { readonly name: string; readonly kind: string; readonly object: unknown }[] =
  [
    ...[
      [
        'ports out of range',
        { clusterIPs: ['192.0.2.1'], ports: [0, -1, 65_536].map(port => ({ port })) },
      ],
      [
        'ports in capitals',
        { clusterIP: 'None', ports: [{ name: 'HTTP', protocol: 'UDP', port: 80 }] },
      ],
      ['names of letters outside ASCII', { clusterIP: 'None', ports: [{ name: 'ÜBER', port: 1 }] }],
      ['no address yet', { clusterIP: '', clusterIPs: [''] }],
      ['what is no address', { clusterIPs: ['192.0.2.256', '192.0.2', '01.2.3.4', '::g'] }],
      ['mapped and IPv6 addresses', { clusterIPs: ['::ffff:192.0.2.1', '2001:DB8::1'] }],
      ['None behind an address', { clusterIPs: ['192.0.2.1', 'None'] }],
      ['an external name', { type: 'ExternalName', externalName: 'WWW.Example.org' }],
      ['an external name that is none', { type: 'ExternalName', externalName: `${long(64)}.org` }],
      ['an external name that is an address', { type: 'ExternalName', externalName: '192.0.2.1' }],
      ['a selector', { clusterIP: '192.0.2.1', selector: { app: 'web' } }],
      ['external addresses', { clusterIP: '192.0.2.1', externalIPs: ['192.0.2.9', 'x'] }],
    ].map(([name, spec]) => ({ name: String(name), kind: 'Service', object: service(spec) })),
    {
      name: 'what a load balancer has been given',
      kind: 'Service',
      object: service(
        { clusterIP: '192.0.2.1' },
        {
          loadBalancer: {
            ingress: [{ ip: '192.0.2.8' }, { hostname: 'LB.example.org' }, {}, { hostname: '..' }],
          },
        },
      ),
    },
    { name: 'no spec', kind: 'Service', object: { metadata: { name: 'web', namespace: 'shop' } } },
    ...[
      [
        'addresses that are none',
        slice(addresses('192.0.2.1', '1.2.3', '1.2.3.4.5', '300.1.1.1', '')),
      ],
      ['addresses with zeros before them', slice(addresses('192.0.2.01', '00.0.0.0', '0.0.0.0'))],
      [
        'addresses with other bytes',
        slice(addresses('192.0.2.1 ', '-1.2.3.4', '192.0.2.1x', '1..2.3')),
      ],
      ['IPv6', slice(addresses('2001:db8::', '2001:DB8::1', '::ffff:192.0.2.7', 'fe80::1%eth0'))],
      [
        'labels of any kind',
        slice(
          ['DB-0', long(63), long(64), 'ü', 'Ü'.repeat(40), '', 'a.b'].map(hostname => ({
            addresses: ['192.0.2.1', '2001:db8::1'],
            hostname,
            targetRef: { kind: 'Pod', name: 'Pod.Name' },
            zone: 'Zone-Ä',
          })),
        ),
      ],
      [
        'pods with names of any length',
        slice(
          [long(63), long(64), 'ä', ''].map(name => ({
            addresses: ['192.0.2.1'],
            targetRef: { kind: 'Pod', name },
            zone: long(300),
          })),
        ),
      ],
      [
        'ready or not',
        slice(
          [{}, { ready: true }, { ready: false }, { serving: false }, { terminating: true }].map(
            conditions => ({ addresses: ['192.0.2.1'], conditions }),
          ),
        ),
      ],
      [
        'several addresses',
        slice([{ addresses: ['192.0.2.1', 'x', '192.0.2.2'] }, { addresses: [] }]),
      ],
      [
        'ports',
        slice(addresses('192.0.2.1'), [{ port: 80 }, { name: 'A', port: 0 }, {}, { port: 70_000 }]),
      ],
      ['no service', slice(addresses('192.0.2.1'), [], {})],
      ['a service that is no label', slice([], [], { 'kubernetes.io/service-name': long(64) })],
      ['names', slice(addresses('192.0.2.1'), [], undefined, 'FQDN')],
      ['another type', slice(addresses('192.0.2.1'), [], undefined, 'IPv5')],
      [
        'an imported one',
        slice(addresses('192.0.2.1'), [{ port: 80 }], {
          'multicluster.kubernetes.io/service-name': 'web',
          'multicluster.kubernetes.io/source-cluster': 'EAST',
        }),
      ],
    ].map(([name, object]) => ({ name: String(name), kind: 'EndpointSlice', object })),
    ...[
      ['an address', pod('10.0.0.1')],
      ['no address yet', pod('')],
      ['what is no address', pod('10.0.0')],
      ['labels', pod('fd00::1', { labels: { app: 'web', 10: 'x', 9: 'y', __proto: 'z' } })],
      ['one that is going away', pod('10.0.0.1', { deletionTimestamp: '2026-01-02T03:04:05Z' })],
    ].map(([name, object]) => ({ name: String(name), kind: 'Pod', object })),
  ]

for (const { name, kind, object } of CASES)
  test(`${kind}: ${name}`, () => assertSame(kind, object as KubeObject, name))

test('of a field that is there twice the last counts, and unknown ones are passed over', () => {
  const message = objectMessage(
    resourceNamed('Service'),
    service({ clusterIP: '192.0.2.1', clusterIPs: ['192.0.2.1'] }),
  )
  const again = objectMessage(resourceNamed('Service'), { spec: { clusterIP: '192.0.2.2' } })
  const bytes = Buffer.concat([message, run(77, Buffer.from('new')), again])
  const found = trimService(new ObjectBytes(bytes, 0, bytes.length))
  const clusterIP = '192.0.2.2'
  assert.deepEqual(found, trimService(service({ clusterIP }) as KubeObject))
})

const ROUNDS = 3000

test('bytes with any change are read or refused', () => {
  let state = 1
  const random = (below: number): number => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0
    return (state >>> 8) % below
  }
  const objects = [...bigCluster({ services: 12, endpoints: 120 })].filter(
    ({ kind }) => TRIMS[kind] !== undefined,
  )
  const cases = [
    ...objects.map(object => ({ kind: object.kind, object: object as unknown })),
    ...CASES,
  ]
  let refused = 0
  for (let round = 0; round < ROUNDS; round++) {
    const { kind, object } = cases[round % cases.length]!
    const bytes = Buffer.from(objectMessage(resourceNamed(kind), object))
    for (let n = random(3); n >= 0; n--) bytes[random(bytes.length)] = random(256)
    try {
      TRIMS[kind]?.(
        new ObjectBytes(bytes, 0, random(4) === 0 ? random(bytes.length) : bytes.length),
      )
    } catch (error) {
      if (!(error instanceof KubeError)) throw error
      refused++
    }
  }
  assert.ok(refused > ROUNDS / 20 && refused < ROUNDS, `${refused} of ${ROUNDS} are refused`)
})
