import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fakeCluster } from '../../../../test/support/cluster-records.ts'
import {
  fakeBlock,
  fakeControl,
  fakeServe,
  options,
  query,
} from '../../../../test/support/plugin-harness.ts'
import { METADATA, Metadata } from '../../../chain/offers/metadata.ts'
import type { KubernetesShared } from '../control.ts'
import { kubernetes } from '../index.ts'
import { serve } from '../serve.ts'

const CLUSTER = `
apiVersion: v1
kind: Namespace
metadata: { name: shop }
---
apiVersion: v1
kind: Pod
metadata: { name: till-1, namespace: shop, labels: { app: till } }
status: { phase: Running, podIP: 10.244.1.7 }
---
apiVersion: v1
kind: Pod
metadata: { name: till-2, namespace: shop }
status: { phase: Running, podIP: 10.244.1.8 }
`
const TEXT =
  'kubernetes cluster.local clusterset.local {\nmulticluster clusterset.local\npods verified\nzonal\n}'

/** All that is told of a query. */
const told = async (name: string, client: string, text = TEXT): Promise<Record<string, string>> => {
  const directives = ['metadata', 'kubernetes']
  const control = fakeControl({ block: fakeBlock({ changing: [], directives }) })
  await fakeCluster(control, text, CLUSTER)
  const read = options(kubernetes, text)
  const shared = await (await kubernetes.control?.())?.control(read, control)
  const scope = fakeServe({ control })
  serve(read, scope, structuredClone(shared) as KubernetesShared)
  const metadata = new Metadata(query(name, 'A', { client }), scope.offered(METADATA))
  return Object.fromEntries(
    metadata.labels().map(label => [label.replace('kubernetes/', ''), metadata.get(label) ?? '']),
  )
}

const OUTSIDE = '192.0.2.7'
const POD = '10.244.1.7'
const OF_POD = {
  'client-namespace': 'shop',
  'client-pod-name': 'till-1',
  'client-label/app': 'till',
}
const NO_PARTS = {
  'port-name': '',
  protocol: '',
  endpoint: '',
  zone: '',
  service: '',
  namespace: '',
  kind: '',
}

const cases: { name: string; client?: string; expected: Record<string, string> }[] = [
  { name: 'cluster.local.', expected: NO_PARTS },
  { name: 'svc.cluster.local.', expected: NO_PARTS },
  { name: 'shop.svc.cluster.local.', expected: { ...NO_PARTS, namespace: 'shop', kind: 'svc' } },
  {
    name: 'WEB.shop.svc.cluster.local.',
    expected: { ...NO_PARTS, service: 'web', namespace: 'shop', kind: 'svc' },
  },
  {
    name: 'a.web.shop.svc.cluster.local.',
    expected: { ...NO_PARTS, endpoint: 'a', service: 'web', namespace: 'shop', kind: 'svc' },
  },
  {
    name: '_http._tcp.web.shop.svc.cluster.local.',
    expected: {
      ...NO_PARTS,
      'port-name': 'http',
      protocol: 'tcp',
      service: 'web',
      namespace: 'shop',
      kind: 'svc',
    },
  },
  {
    name: '10-0-0-1.shop.pod.cluster.local.',
    expected: { ...NO_PARTS, service: '10-0-0-1', namespace: 'shop', kind: 'pod' },
  },
  {
    name: 'eu.1.pin._zone.web.shop.svc.cluster.local.',
    expected: { ...NO_PARTS, zone: 'eu.1', service: 'web', namespace: 'shop', kind: 'svc' },
  },
  {
    name: 'a.c1.web.shop.svc.clusterset.local.',
    expected: {
      ...NO_PARTS,
      endpoint: 'a',
      cluster: 'c1',
      service: 'web',
      namespace: 'shop',
      kind: 'svc',
    },
  },
  { name: 'x.cluster.local.', expected: { 'parse-error': 'invalid query name' } },
  { name: 'example.org.', expected: {} },
  { name: 'example.org.', client: POD, expected: OF_POD },
  {
    name: 'example.org.',
    client: '10.244.1.8',
    expected: { 'client-namespace': 'shop', 'client-pod-name': 'till-2' },
  },
  {
    name: 'x.cluster.local.',
    client: POD,
    expected: { ...OF_POD, 'parse-error': 'invalid query name' },
  },
]
for (const { name, client = OUTSIDE, expected } of cases)
  test(`kubernetes tells of ${name} from ${client}`, async () =>
    assert.deepEqual(await told(name, client), expected))
