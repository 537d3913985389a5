// What `apply`, `delete`, `replaceAll` and `inject` make of manifests: the server's defaults,
// addresses, refusals.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ABSURD_OBJECTS } from './absurd-objects.ts'
import { ask, askBody, names, TestWatch } from './api-client.ts'
import { startKubeApi } from './api-server.ts'
import { fixtureManifests } from './manifests.ts'
import { RESOURCES } from './resources.ts'

const COUNTS = { namespaces: 5, services: 26, pods: 10, endpointslices: 24, serviceimports: 2 }

interface SpecCase {
  readonly name: string
  readonly spec: string
  readonly expected: object
}

const first4 = '10.96.1.1'
const first6 = 'fd00:10:96::101'
const SPECS: readonly SpecCase[] = [
  {
    name: 'a service gets an address and all defaults',
    spec: 'ports: [{port: 80}]',
    expected: {
      clusterIP: first4,
      clusterIPs: [first4],
      type: 'ClusterIP',
      sessionAffinity: 'None',
      ipFamilies: ['IPv4'],
      ipFamilyPolicy: 'SingleStack',
      internalTrafficPolicy: 'Cluster',
      ports: [{ port: 80, protocol: 'TCP', targetPort: 80 }],
    },
  },
  {
    name: 'PreferDualStack gets both families, the cluster’s first one first',
    spec: 'ipFamilyPolicy: PreferDualStack, ports: [{port: 80}]',
    expected: { clusterIP: first4, clusterIPs: [first4, first6], ipFamilies: ['IPv4', 'IPv6'] },
  },
  {
    name: 'IPv6 alone, if it is asked for',
    spec: 'ipFamilies: [IPv6], ports: [{port: 80}]',
    expected: {
      clusterIP: first6,
      clusterIPs: [first6],
      ipFamilies: ['IPv6'],
      ipFamilyPolicy: 'SingleStack',
    },
  },
  {
    name: 'an address that is named is taken, and says the family',
    spec: 'clusterIP: "fd00:10:96::7", ports: [{port: 80}]',
    expected: { clusterIP: 'fd00:10:96::7', clusterIPs: ['fd00:10:96::7'], ipFamilies: ['IPv6'] },
  },
  {
    name: 'headless with a selector has one family',
    spec: 'clusterIP: None, selector: {a: b}',
    expected: {
      clusterIP: 'None',
      clusterIPs: ['None'],
      ipFamilies: ['IPv4'],
      ipFamilyPolicy: 'SingleStack',
    },
  },
  {
    name: 'headless without a selector has both',
    spec: 'clusterIP: None',
    expected: {
      clusterIPs: ['None'],
      ipFamilies: ['IPv4', 'IPv6'],
      ipFamilyPolicy: 'RequireDualStack',
    },
  },
  {
    name: 'ExternalName has no address',
    spec: 'type: ExternalName, externalName: www.example.org',
    expected: {
      type: 'ExternalName',
      externalName: 'www.example.org',
      clusterIP: undefined,
      clusterIPs: undefined,
      ipFamilies: undefined,
    },
  },
  {
    name: 'NodePort has a node port',
    spec: 'type: NodePort, ports: [{port: 80}]',
    expected: {
      ports: [{ nodePort: 30_000, protocol: 'TCP', targetPort: 80, port: 80 }],
      externalTrafficPolicy: 'Cluster',
    },
  },
]
for (const { name, spec, expected } of SPECS)
  test(name, async t => {
    const api = await startKubeApi(t)
    const [version] = api.apply(`{kind: Service, metadata: {name: a}, spec: {${spec}}}`)
    const stored = version?.field('spec') as Record<string, unknown>
    assert.deepEqual(
      Object.fromEntries(Object.keys(expected).map(key => [key, stored[key]])),
      expected,
    )
  })

const service = (rest: string): string => `{kind: Service, metadata: {name: a}, spec: ${rest}}`
const REFUSED = [
  {
    name: 'an address twice',
    text: service('{clusterIP: 10.96.0.9, ports: [{port: 1}]}'),
    message: /10.96.0.9: provided IP is already allocated$/,
  },
  {
    name: 'an address out of range',
    text: service('{clusterIP: 192.0.2.1, ports: [{port: 1}]}'),
    message: /not in the valid range$/,
  },
  {
    name: 'a port out of range',
    text: service('{ports: [{port: 70000}]}'),
    message: /spec.ports\[0\].port: Invalid value: 70000/,
  },
  {
    name: 'two ports without names',
    text: service('{ports: [{port: 1}, {port: 2}]}'),
    message: /spec.ports\[0\].name: Required value$/,
  },
  {
    name: 'no ports',
    text: service('{}'),
    message: /^Service "a" is invalid: spec.ports: Required value$/,
  },
  {
    name: 'ExternalName without a name',
    text: service('{type: ExternalName}'),
    message: /spec.externalName/,
  },
  {
    name: 'a name with a dot',
    text: '{kind: Service, metadata: {name: a.b}, spec: {clusterIP: None}}',
    message: /metadata.name/,
  },
  { name: 'no name', text: '{kind: Service, metadata: {}}', message: /name is required$/ },
  {
    name: 'a kind that is not served',
    text: '{kind: Ingress, metadata: {name: a}}',
    message: /^no such kind: Ingress/,
  },
  {
    name: 'an old version',
    text: '{kind: EndpointSlice, apiVersion: discovery.k8s.io/v1beta1, metadata: {name: a}}',
    message: /^no matches for kind/,
  },
  {
    name: 'an address of the other family',
    text: '{kind: EndpointSlice, metadata: {name: a}, addressType: IPv6, endpoints: [{addresses: [192.0.2.1]}]}',
    message: /endpoints\[0\].addresses: Invalid value: "192.0.2.1": must be an "IPv6" address$/,
  },
  { name: 'YAML that is none', text: 'a: [', message: /./ },
]
for (const { name, text, message } of REFUSED)
  test(`apply refuses ${name}, and changes nothing`, async t => {
    const taken =
      '{kind: Service, metadata: {name: other}, spec: {clusterIP: 10.96.0.9, ports: [{port: 1}]}}'
    const api = await startKubeApi(t, { manifests: taken })
    const before = api.resourceVersion
    assert.throws(() => api.apply(text), { message })
    assert.equal(api.resourceVersion, before)
    assert.equal(names(await askBody(api, '/api/v1/services')), 'other')
  })

test('an update keeps uid, creation time and address; a successor gets new ones, and addresses come back', async t => {
  let nowMs = Date.UTC(2026, 0, 1)
  const api = await startKubeApi(t, { nowMs: () => nowMs })
  const [before] = api.apply(service('{ports: [{port: 80}]}'))
  nowMs += 60_000
  const [after] = api.apply(service('{ports: [{port: 81}]}'))
  for (const field of ['metadata.uid', 'metadata.creationTimestamp', 'spec.clusterIP'])
    assert.equal(after?.field(field), before?.field(field), field)
  assert.notEqual(after?.revision, before?.revision)
  assert.equal(before?.field('metadata.creationTimestamp'), '2026-01-01T00:00:00Z')
  api.delete('Service', 'default', 'a')
  const [next] = api.apply(service('{clusterIP: 10.96.1.1, ports: [{port: 81}]}'))
  assert.notEqual(next?.field('metadata.uid'), before?.field('metadata.uid'))
  assert.equal(next?.field('metadata.creationTimestamp'), '2026-01-01T00:01:00Z')
})

test("a slice's generation counts its content, not its labels", async t => {
  const api = await startKubeApi(t)
  const generation = (label: string, address: string): unknown =>
    api
      .apply(
        `{kind: EndpointSlice, metadata: {name: a, labels: {x: ${label}}}, addressType: IPv4, endpoints: [{addresses: [${address}]}]}`,
      )[0]
      ?.field('metadata.generation')
  assert.deepEqual(
    [generation('a', '192.0.2.1'), generation('b', '192.0.2.1'), generation('b', '192.0.2.2')],
    [1, 1, 2],
  )
})

test('a namespace comes with its first object, labelled, and goes with all that is in it', async t => {
  const api = await startKubeApi(t)
  api.apply('{kind: Service, metadata: {name: a, namespace: one}, spec: {clusterIP: None}}')
  const namespace = await askBody(api, '/api/v1/namespaces/one')
  assert.deepEqual(
    [namespace.metadata?.labels, namespace.status],
    [{ 'kubernetes.io/metadata.name': 'one' }, { phase: 'Active' }],
  )
  const services = await TestWatch.open(t, api, '/api/v1/services?watch=1')
  const namespaces = await TestWatch.open(t, api, '/api/v1/namespaces?watch=1')
  assert.equal(api.delete('Namespace', '', 'one'), true)
  assert.deepEqual(await services.take(2), ['ADDED a', 'DELETED a'])
  assert.deepEqual(await namespaces.take(3), ['ADDED one', 'MODIFIED one', 'DELETED one'])
  assert.equal(api.delete('Namespace', '', 'one'), false)
})

test('the rich cluster is applied as it is written, and again without a change', async t => {
  const manifests = fixtureManifests('cluster.yaml')
  const api = await startKubeApi(t, { manifests })
  assert.deepEqual(
    Object.fromEntries(
      RESOURCES.map(resource => [resource.plural, api.store.table(resource).size]),
    ),
    COUNTS,
  )
  const before = api.resourceVersion
  api.apply(manifests)
  assert.equal(api.resourceVersion, before)
  const dns = await askBody(api, '/api/v1/namespaces/kube-system/services/kube-dns')
  assert.equal((dns.spec as { clusterIP: string }).clusterIP, '10.96.0.10')
})

test('replaceAll leaves what the manifests say, and moves addresses', async t => {
  const api = await startKubeApi(t, { manifests: fixtureManifests('cluster.yaml') })
  api.replaceAll(fixtureManifests('other.yaml'))
  assert.equal(names(await askBody(api, '/api/v1/services')), 'kubernetes newcomer svc1')
  assert.equal(names(await askBody(api, '/api/v1/namespaces')), 'default testns')
  api.replaceAll(
    '{kind: Service, metadata: {name: heir, namespace: testns}, spec: {clusterIP: 10.96.0.151, ports: [{port: 80}]}}',
  )
  assert.equal(names(await askBody(api, '/api/v1/services')), 'heir')
})

test('absurd objects are served as they are, and can be taken away again', async t => {
  const api = await startKubeApi(t)
  const start = api.resourceVersion
  const removals = ABSURD_OBJECTS.map(({ kind, body }) => api.inject(kind, body))
  for (const { plural, apiVersion, kind } of RESOURCES) {
    const path = `/api${apiVersion === 'v1' ? '' : 's'}/${apiVersion}/${plural}`
    const expected = ABSURD_OBJECTS.filter(one => one.kind === kind)
    assert.equal((await askBody(api, path)).items?.length, expected.length, plural)
    const watch = await TestWatch.open(t, api, `${path}?watch=1&resourceVersion=${start}`)
    assert.deepEqual(
      (await watch.take(expected.length)).map(event => event.split(' ', 1)[0]),
      expected.map(() => 'ADDED'),
    )
  }
  assert.deepEqual(
    removals.map(remove => remove()),
    removals.map(() => true),
  )
  assert.equal(names(await askBody(api, '/api/v1/services')), '')
})

test('absurd objects have names of their own', () => {
  const keys = ABSURD_OBJECTS.map(({ name }) => name)
  assert.deepEqual([...new Set(keys)], keys)
})

test('a group that is not installed is not there', async t => {
  const api = await startKubeApi(t, { absentGroups: ['multicluster.x-k8s.io'] })
  const answer = await ask(api, '/apis/multicluster.x-k8s.io/v1alpha1/serviceimports')
  assert.deepEqual([answer.code, answer.text], [404, '404 page not found\n'])
})
