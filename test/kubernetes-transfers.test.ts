// The zones that kubernetes and k8s_external offer for transfers, beside the ones that the real
// CoreDNS gave for the same cluster: the same records, but for what is said here.

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import type { RecordData } from '../src/chain/answer.ts'
import { type TransferableZone, TRANSFERABLE_ZONES } from '../src/chain/transferable-zones.ts'
import { NameView } from '../src/wire/name.ts'
import { CLASS_IN } from '../src/wire/rrtypes.ts'
import { recordText } from '../src/zone/record-text.ts'
import { wire } from './fakes/raw-message.ts'
import { type BothPaths, bothPaths } from './support/both-paths.ts'
import { type FakeSource, fakeCluster } from './support/cluster-records.ts'
import { replyTo } from './support/plugin-harness.ts'

const FOLDER = join(import.meta.dirname, 'golden', 'kubernetes')
const text = (file: string): string => readFileSync(join(FOLDER, file), 'utf8')
/** The definition of ServiceImports is known to the cluster. */
const MANIFESTS = `${text('cluster.yaml')}\n---\n${text('multicluster.yaml')}`
  .split(/^---$/m)
  .filter(part => !part.includes('CustomResourceDefinition'))
  .join('\n---\n')

interface World {
  readonly paths: BothPaths
  readonly source: FakeSource
}

const world = async (
  cluster: { readonly zones: string; readonly lines: readonly string[] },
  external: readonly string[] = [],
  objects = MANIFESTS,
): Promise<World> => {
  const { zones, lines } = cluster
  const directive = `kubernetes ${zones} {\n${lines.join('\n')}\n}`
  const namespaces = lines.flatMap(line => /^namespaces (.*)/.exec(line)?.[1]?.split(' ') ?? [])
  let source: FakeSource | undefined
  const paths = await bothPaths(
    [...external, directive],
    request => replyTo(request, {}),
    ['.'],
    async control => {
      source = await fakeCluster(control, directive, objects, {
        namespaces,
        endpointPodNames: lines.includes('endpoint_pod_names'),
        multicluster: directive.includes('multicluster'),
      })
    },
  )
  return { paths, source: source ?? assert.fail() }
}

const offered = ({ paths }: World, name: string): TransferableZone | 'absent' | undefined =>
  paths
    .offered(TRANSFERABLE_ZONES)
    .map(zones => zones.zone(new NameView(wire(name))))
    .find(zone => zone !== undefined)

const zoneOf = (world: World, name: string): TransferableZone => {
  const zone = offered(world, name)
  assert.ok(typeof zone === 'object', `${name} is offered`)
  return zone
}

const shown = (record: RecordData): string => recordText({ class: CLASS_IN, ...record })
const recordsOf = (zone: TransferableZone): string[] => [...zone.parts()].flat().map(shown)

/** Without its serial, which is no fact. */
const withoutSerial = (record: string): string =>
  record.replace(/ \S+ 7200 1800 86400 /, ' * 7200 1800 86400 ')

const recorded = (scenario: string, name: string): string[] => {
  const { replies } = JSON.parse(text(`scenarios/${scenario}/expected.json`)) as {
    readonly replies: readonly { readonly query: string; readonly answer: readonly string[] }[]
  }
  const reply = replies.find(({ query }) => query === `${name} AXFR tcp ~serial ~order`)
  return [...(reply ?? assert.fail(`${name} was recorded`)).answer]
}

/** What stands in one list only. */
const differences = (ours: readonly string[], theirs: readonly string[]) => {
  const [one, other] = [new Set(ours), new Set(theirs)]
  return {
    more: [...one.difference(other)].sort(),
    less: [...other.difference(one)].sort(),
  }
}

const TRANSFER = {
  zones: 'cluster.local clusterset.local in-addr.arpa ip6.arpa',
  lines: [
    'pods insecure',
    'namespaces default kube-system shop lab ops svc pod 0zero a--b',
    'multicluster clusterset.local',
  ],
}
const NAMESPACES = {
  zones: 'cluster.local in-addr.arpa ip6.arpa',
  lines: ['namespaces lab ops kube-system', 'endpoint_pod_names', 'ttl 60'],
}
const EXTERNAL = ['k8s_external ext.test {\nheadless\n}']

const cases = [
  { scenario: 'transfer', cluster: TRANSFER, name: 'cluster.local', more: [], less: [] },
  { scenario: 'transfer', cluster: TRANSFER, name: 'clusterset.local', more: [], less: [] },
  { scenario: 'transfer-namespaces', cluster: NAMESPACES, name: 'cluster.local', more: [], less: [] },
]
for (const { scenario, cluster, name, more, less } of cases)
  test(`transfers: ${name} as recorded in ${scenario}`, async () => {
    const zone = zoneOf(await world(cluster), name)
    const soa = zone.soa().map(shown)
    const records = recordsOf(zone)
    assert.equal(new Set(records).size, records.length, 'each record once')
    const ours = [...soa, ...records].map(withoutSerial)
    assert.deepEqual(differences(ours, recorded(scenario, name)), { more, less })
  })

test('transfers: ext.test as recorded, without hidden namespaces', async () => {
  const zone = zoneOf(await world(NAMESPACES, EXTERNAL), 'ext.test')
  const theirs = recorded('transfer-namespaces', 'ext.test').filter(
    record => !/^\S*\.shop\.ext\.test\. /.test(record),
  )
  const ours = [...zone.soa().map(shown), ...recordsOf(zone)].map(withoutSerial)
  assert.deepEqual(differences(ours, theirs), { more: [], less: [] })
})

test('transfers: ext.test with all namespaces', async () => {
  const cluster = { ...NAMESPACES, lines: NAMESPACES.lines.slice(1) }
  const zone = zoneOf(await world(cluster, EXTERNAL), 'ext.test')
  const theirs = recorded('transfer-namespaces', 'ext.test')
  const ours = [...zone.soa().map(shown), ...recordsOf(zone)].map(withoutSerial)
  assert.deepEqual(differences(ours, theirs), { more: [], less: [] })
})
