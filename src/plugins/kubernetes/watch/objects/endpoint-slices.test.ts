import assert from 'node:assert/strict'
import { test } from 'node:test'
import { objectOf } from '../../../../../test/fakes/cluster.ts'
import { readGroup } from '../../../../../test/fakes/endpoint-group.ts'
import { ipToText } from '../../../../base/ip.ts'
import { trimSlice } from './endpoint-slices.ts'
import { groupOfSlice, type SliceOptions, serviceOfSlice } from './slice-text.ts'

const OWN: SliceOptions = { endpointPodNames: false, isImported: false }
const LABELS = { 'kubernetes.io/service-name': 'web' }

const slice = (body: Record<string, unknown>, labels: unknown = LABELS) =>
  objectOf('shop', 'web-1', { metadata: { labels }, addressType: 'IPv4', ...body })

/** Ports, then endpoints, in one line. */
const textOf = (text: string | undefined): string | undefined => {
  if (text === undefined) return undefined
  const { ports, endpoints } = readGroup(groupOfSlice(text))
  return [
    ...ports.map(({ number, name, protocol }) => `${number}/${name}/${protocol}`),
    ...endpoints.map(({ address, label, zone, cluster }) =>
      [ipToText(address), label, zone, cluster].join('/'),
    ),
  ].join(' ')
}

interface Case {
  readonly name: string
  readonly body: Record<string, unknown>
  readonly gives: string | undefined
  readonly reason?: string
  readonly options?: Partial<SliceOptions>
  readonly labels?: unknown
}

const one = { addresses: ['192.0.2.1'] }
const whole = {
  addresses: ['192.0.2.1'],
  hostname: 'db-0',
  zone: 'Zone-A',
  targetRef: { kind: 'Pod', name: 'db-pod' },
}
const imported = {
  'multicluster.kubernetes.io/service-name': 'web',
  'multicluster.kubernetes.io/source-cluster': 'east',
}

const cases: readonly Case[] = [
  {
    name: 'a whole endpoint',
    body: { endpoints: [whole], ports: [{ port: 80, name: 'HTTP' }] },
    gives: '80/http/tcp 192.0.2.1/db-0/zone-a/',
  },
  {
    name: 'no ports: one without a number',
    body: { endpoints: [one] },
    gives: '0// 192.0.2.1/192-0-2-1//',
  },
  {
    name: 'an empty list of ports is none',
    body: { endpoints: [one], ports: [] },
    gives: '0// 192.0.2.1/192-0-2-1//',
  },
  {
    name: 'a port without a number',
    body: { ports: [{ port: null, name: null, protocol: null }] },
    gives: '0//tcp',
  },
  {
    name: 'no port that is one: nothing is served',
    body: { ports: [{ port: 0 }, { port: 65536 }] },
    gives: '',
    reason: 'port 0 is not a number from 1 to 65535 (and 1 more)',
  },
  {
    name: 'ready, unknown, null; and not ready',
    body: {
      ports: [{ port: 80 }],
      endpoints: [true, undefined, null, false, 'true'].map((ready, k) => ({
        addresses: [`192.0.2.${k}`],
        conditions: { ready },
      })),
    },
    gives: '80//tcp 192.0.2.0/192-0-2-0// 192.0.2.1/192-0-2-1// 192.0.2.2/192-0-2-2//',
  },
  {
    name: 'conditions that are null',
    body: { endpoints: [{ ...one, conditions: null }] },
    gives: '0// 192.0.2.1/192-0-2-1//',
  },
  {
    name: 'several addresses',
    body: { endpoints: [{ addresses: ['192.0.2.1', '192.0.2.2'], hostname: 'a' }] },
    gives: '0// 192.0.2.1/a// 192.0.2.2/a//',
  },
  {
    name: 'pod names if asked for',
    body: { endpoints: [{ ...whole, hostname: undefined }] },
    options: { endpointPodNames: true },
    gives: '0// 192.0.2.1/db-pod/zone-a/',
  },
  {
    name: 'host names before pod names',
    body: { endpoints: [whole] },
    options: { endpointPodNames: true },
    gives: '0// 192.0.2.1/db-0/zone-a/',
  },
  {
    name: 'no pod names unless asked for',
    body: { endpoints: [{ ...whole, hostname: '' }] },
    gives: '0// 192.0.2.1/192-0-2-1/zone-a/',
  },
  {
    name: 'IPv6',
    body: { addressType: 'IPv6', endpoints: [{ addresses: ['2001:db8::'] }] },
    gives: '0// 2001:db8::/2001-db8--0//',
  },
  {
    name: 'IPv4-mapped',
    body: { addressType: 'IPv6', endpoints: [{ addresses: ['::ffff:192.0.2.1'] }] },
    gives: '0// 192.0.2.1/192-0-2-1//',
  },
  {
    name: 'names for addresses are skipped',
    body: { addressType: 'FQDN', endpoints: [one] },
    gives: undefined,
  },
  {
    name: 'an unknown address type',
    body: { addressType: 'IPv7' },
    gives: undefined,
    reason: "address type 'IPv7' is unknown",
  },
  {
    name: 'no address type',
    body: { addressType: undefined },
    gives: undefined,
    reason: 'address type undefined is unknown',
  },
  {
    name: 'what is no address is left out',
    body: { endpoints: [{ addresses: ['web.example.org', '192.0.2.1', null] }] },
    gives: '0// 192.0.2.1/192-0-2-1//',
    reason: "'web.example.org' is no address (and 1 more)",
  },
  { name: 'addresses that are none', body: { endpoints: [{ addresses: null }, {}] }, gives: '0//' },
  {
    name: 'endpoints that are none',
    body: { endpoints: [null, 7, one] },
    gives: '0// 192.0.2.1/192-0-2-1//',
    reason: 'null is no endpoint (and 1 more)',
  },
  { name: 'null for a list', body: { endpoints: null, ports: null }, gives: '0//' },
  {
    name: 'no label of a service',
    body: { endpoints: [one] },
    labels: { app: 'web' },
    gives: undefined,
  },
  { name: 'labels that are no object', body: { endpoints: [one] }, labels: 7, gives: undefined },
  {
    name: 'a service that is no label',
    body: {},
    labels: { 'kubernetes.io/service-name': 'a/b' },
    gives: undefined,
    reason: "service name 'a/b' is no label",
  },
  {
    name: 'of an imported service',
    body: { endpoints: [whole] },
    labels: imported,
    options: { isImported: true },
    gives: '0// 192.0.2.1/db-0/zone-a/east',
  },
  {
    name: 'of an imported service, without a cluster',
    body: { endpoints: [whole] },
    labels: { ...imported, 'multicluster.kubernetes.io/source-cluster': '' },
    options: { isImported: true },
    gives: undefined,
    reason: "source cluster '' is no label",
  },
  {
    name: 'own and imported ones are told apart',
    body: { endpoints: [whole] },
    labels: imported,
    gives: undefined,
  },
]
for (const { name, body, gives, reason = '', options = {}, labels = LABELS } of cases) {
  test(`trimSlice: ${name}`, () => {
    const trimmed = trimSlice(slice(body, labels), { ...OWN, ...options })
    assert.deepEqual([textOf(trimmed.text), trimmed.reason], [gives, reason])
  })
}

test('serviceOfSlice: also of names that JSON escapes', () => {
  for (const name of ['web', 'w"eb', 'ö', '\\x']) {
    const { text = '' } = trimSlice(slice({}, { 'kubernetes.io/service-name': name }), OWN)
    assert.equal(serviceOfSlice(text), name)
  }
})
