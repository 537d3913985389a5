// The generated cluster: its size, that it is the same each time, its changes, and that it is
// served quickly.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { askBody, TestWatch } from './api-client.ts'
import { startKubeApi } from './api-server.ts'
import { bigCluster } from './big-cluster.ts'
import { complaintAbout } from './validation.ts'

const SLICES = '/apis/discovery.k8s.io/v1/endpointslices'
const SMALL = { services: 200, endpoints: 2000 }

test('as many services and endpoints as were asked for, each tenth headless, no address twice', () => {
  const all = [...bigCluster(SMALL)]
  const services = all.filter(({ kind }) => kind === 'Service')
  const endpoints = all.flatMap(object =>
    object.kind === 'EndpointSlice' ? (object.endpoints as { addresses: string[] }[]) : [],
  )
  assert.deepEqual([services.length, endpoints.length], [200, 2000])
  assert.equal(new Set(endpoints.map(({ addresses }) => addresses[0])).size, 2000)
  assert.equal(
    services.filter(service => (service.spec as { clusterIP: string }).clusterIP === 'None').length,
    20,
  )
  assert.ok(
    all.every(
      object => object.kind !== 'EndpointSlice' || (object.endpoints as object[]).length <= 100,
    ),
  )
  assert.deepEqual(
    all.map(complaintAbout).filter(complaint => complaint !== undefined),
    [],
  )
  assert.deepEqual([...bigCluster(SMALL)], all)
})

test('churn moves an endpoint, adds a service, and deletes it again; each is an event', async t => {
  const api = await startKubeApi(t, { cluster: SMALL })
  const services = await TestWatch.open(
    t,
    api,
    `/api/v1/services?watch=1&resourceVersion=${api.resourceVersion}`,
  )
  const slices = await TestWatch.open(
    t,
    api,
    `${SLICES}?watch=1&resourceVersion=${api.resourceVersion}`,
  )
  const changes = Array.from({ length: 6 }, () => api.churn())
  assert.deepEqual(
    changes.map(({ change, service }) => `${change} ${service}`),
    [
      'replace-endpoint svc-00000',
      'add-service churn-0000000',
      'delete-service churn-0000000',
      'replace-endpoint svc-00190',
      'add-service churn-0000001',
      'delete-service churn-0000001',
    ],
  )
  const moved = (await slices.next()).object
  const [endpoint] = moved.endpoints as { addresses: string[] }[]
  assert.deepEqual(
    [endpoint?.addresses, moved.metadata?.name, moved.metadata?.generation],
    [[changes[0]?.address], 'svc-00000-00', 2],
  )
  assert.deepEqual(await services.take(2), ['ADDED churn-0000000', 'DELETED churn-0000000'])
  assert.ok(changes.every(({ ms }, index) => ms >= (changes[index - 1]?.ms ?? 0)))
})

test('churn needs a large cluster', async t => {
  const api = await startKubeApi(t)
  assert.throws(() => api.churn(), { message: 'churn needs a large cluster' })
})

test('100,000 endpoints come in pages of 500, whatever changes meanwhile', async t => {
  const api = await startKubeApi(t, {
    https: false,
    cluster: { services: 10_000, endpoints: 100_000 },
  })
  let endpoints = 0
  let pages = 0
  let token = ''
  do {
    pages++
    const page = await askBody(api, `${SLICES}?limit=500${token && `&continue=${token}`}`)
    for (const item of page.items ?? []) endpoints += (item.endpoints as object[]).length
    token = page.metadata?.continue ?? ''
    // A change in between makes the server look back.
    if (endpoints < 20_000) api.churn()
  } while (token !== '')
  assert.equal(endpoints, 100_000)
  assert.ok(pages > 1, `${pages} pages`)
})
