import assert from 'node:assert/strict'
import { test } from 'node:test'
import { addressOf } from '../../../../test/fakes/cluster.ts'
import { nameFromText } from '../../../wire/name.ts'
import {
  type EndpointGroup,
  encodeGroup,
  encodeService,
  MAX_RECORDS,
  SERVICE_CLUSTER,
  SERVICE_EXTERNAL,
  SERVICE_HEADLESS,
  type ServiceParts,
} from './service-record.ts'
import { ServiceView } from './service-view.ts'

const EMPTY: ServiceParts = {
  kind: SERVICE_CLUSTER,
  clusterAddresses: [],
  ports: [],
  groups: [],
  target: undefined,
}
type CaseParts = Partial<Omit<ServiceParts, 'groups'>> & {
  readonly groups?: readonly EndpointGroup[]
}
const HTTP = { number: 80, name: 'http', protocol: 'tcp' }
const DNS = { number: 65535, name: '', protocol: 'udp' }
const NONE = { number: 0, name: '', protocol: '' }

const endpoint = (address: string, label = 'e', zone = '', cluster = '') => ({
  address: addressOf(address),
  label,
  zone,
  cluster,
})

/** What a view reads, in the shape of what was written. */
const readBack = (record: Uint8Array, at = 0, length = record.length) => {
  const view = new ServiceView(record, at, length)
  const groups = Array.from(
    view.endpoints(),
    ({ address, label, zone, cluster, ports, family }) => ({
      endpoint: [
        family,
        address.join('.'),
        Buffer.from(label.subarray(1)).toString(),
        zone,
        cluster,
      ],
      ports: [...ports],
    }),
  )
  return {
    kind: view.kind,
    isReady: view.hasReadyEndpoint,
    addresses: view.ownAddresses.map(bytes => bytes.join('.')),
    ports: [...view.ports()],
    target: view.target,
    groups,
  }
}

const V6 = '32.1.13.184.0.0.0.0.0.0.0.0.0.0.0.1'

const cases: {
  readonly name: string
  readonly parts: CaseParts
  readonly reads: Partial<ReturnType<typeof readBack>>
}[] = [
  {
    name: 'nothing',
    parts: {},
    reads: {
      kind: SERVICE_CLUSTER,
      isReady: false,
      addresses: [],
      ports: [],
      target: undefined,
      groups: [],
    },
  },
  {
    name: 'cluster addresses: those of the first family first, each once',
    parts: {
      clusterAddresses: ['192.0.2.2', '2001:db8::1', '192.0.2.1', '192.0.2.2'].map(addressOf),
      ports: [HTTP, DNS],
    },
    reads: { addresses: ['192.0.2.2', '192.0.2.1', V6], ports: [HTTP, DNS], target: undefined },
  },
  {
    name: 'cluster addresses of which the first is an IPv6 one',
    parts: { clusterAddresses: ['2001:db8::1', '192.0.2.2'].map(addressOf), ports: [HTTP] },
    reads: { addresses: [V6, '192.0.2.2'], isReady: false },
  },
  {
    name: 'an endpoint, and a first address of IPv6',
    parts: {
      clusterAddresses: [addressOf('2001:db8::1')],
      groups: [{ ports: [HTTP], endpoints: [endpoint('192.0.2.1')] }],
    },
    reads: { addresses: [V6], isReady: true },
  },
  {
    name: 'headless: addresses of its endpoints',
    parts: {
      kind: SERVICE_HEADLESS,
      ports: [NONE],
      groups: [
        {
          ports: [HTTP],
          endpoints: [endpoint('192.0.2.1', 'Web-0', 'Zone-A', 'East'), endpoint('2001:db8::1')],
        },
        { ports: [DNS, NONE], endpoints: [endpoint('192.0.2.1', 'other')] },
      ],
    },
    reads: {
      kind: SERVICE_HEADLESS,
      isReady: true,
      addresses: ['192.0.2.1', V6],
      ports: [NONE],
      groups: [
        { endpoint: [4, '192.0.2.1', 'web-0', 'zone-a', 'east'], ports: [HTTP] },
        { endpoint: [6, V6, 'e', '', ''], ports: [HTTP] },
        { endpoint: [4, '192.0.2.1', 'other', '', ''], ports: [DNS, NONE] },
      ],
    },
  },
  {
    name: 'endpoints of a slice without ports are no addresses',
    parts: { kind: SERVICE_HEADLESS, groups: [{ ports: [], endpoints: [endpoint('192.0.2.1')] }] },
    reads: { addresses: [], groups: [{ endpoint: [4, '192.0.2.1', 'e', '', ''], ports: [] }] },
  },
  {
    name: 'groups without endpoints lie between others',
    parts: {
      groups: [
        { ports: [HTTP], endpoints: [] },
        { ports: [DNS], endpoints: [endpoint('192.0.2.9')] },
        { ports: [], endpoints: [] },
      ],
    },
    reads: {
      addresses: [],
      isReady: true,
      groups: [{ endpoint: [4, '192.0.2.9', 'e', '', ''], ports: [DNS] }],
    },
  },
  {
    name: 'a target',
    parts: {
      kind: SERVICE_EXTERNAL,
      target: nameFromText('www.example.org') ?? Uint8Array.of(),
      ports: [NONE],
    },
    reads: {
      kind: SERVICE_EXTERNAL,
      target: nameFromText('www.example.org.') ?? Uint8Array.of(),
      ports: [NONE],
    },
  },
  {
    name: 'the root is no target',
    parts: { kind: SERVICE_EXTERNAL, target: Uint8Array.of(0) },
    reads: { target: undefined, ports: [] },
  },
]
for (const { name, parts, reads } of cases) {
  test(`ServiceView reads what encodeService wrote: ${name}`, () => {
    const record = Uint8Array.from(
      encodeService({ ...EMPTY, ...parts, groups: (parts.groups ?? []).map(encodeGroup) }),
    )
    const found = readBack(record)
    assert.deepEqual({ ...found, ...reads }, found)
    const among = Buffer.concat([Buffer.alloc(5, 0xff), record, Buffer.alloc(9, 0xff)])
    assert.deepEqual(
      readBack(Uint8Array.from(among), 5, record.length),
      found,
      'between other bytes',
    )
  })
}

test('long texts are cut, and too many records are left out', () => {
  const long = 'x'.repeat(300)
  const many: EndpointGroup = {
    ports: Array.from({ length: MAX_RECORDS + 9 }, (_, k) => ({
      number: 1 + k,
      name: '',
      protocol: '',
    })),
    endpoints: Array.from({ length: 5000 }, (_, k) => ({
      ...endpoint(`10.0.${k >> 8}.${k & 255}`),
      zone: k === 0 ? long : '',
    })),
  }
  const read = readBack(
    encodeService({
      ...EMPTY,
      kind: SERVICE_HEADLESS,
      ports: [{ ...HTTP, name: long }],
      groups: [encodeGroup({ ...many, ports: [HTTP] })],
    }),
  )
  assert.deepEqual(
    [read.addresses.length, read.groups.length, read.ports[0]?.name.length],
    [MAX_RECORDS, 5000, 255],
  )
  assert.equal(read.groups[0]?.endpoint[3], 'x'.repeat(255))
  const first = readBack(
    encodeService({
      ...EMPTY,
      ports: many.ports,
      groups: [encodeGroup({ ...many, endpoints: [endpoint('192.0.2.1')] })],
    }),
  )
  assert.deepEqual([first.ports.length, first.groups[0]?.ports.length], [MAX_RECORDS, MAX_RECORDS])
})

test('hasLabel compares whole labels', () => {
  const record = encodeService({
    ...EMPTY,
    groups: [encodeGroup({ ports: [HTTP], endpoints: [endpoint('192.0.2.1', 'web')] })],
  })
  const labels = ['\x03web', '\x03wex', '\x02we', '\x04webb'].map(text => Buffer.from(text))
  const [found] = Array.from(new ServiceView(record, 0, record.length).endpoints(), view =>
    labels.map(label => view.hasLabel(label)),
  )
  assert.deepEqual(found, [true, false, false, false])
})
