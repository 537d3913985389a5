// Lists, pages and selectors of the test server, asked over HTTPS as a client would.

import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import { type ApiBody, ask, askBody, names } from './api-client.ts'
import { type KubeApi, startKubeApi } from './api-server.ts'
import { fixtureManifests } from './manifests.ts'

const SERVICES = '/api/v1/services'
const small = (...all: string[]): string => all.map(name => serviceText(name)).join('---\n')
const serviceText = (name: string, extra = ''): string =>
  `kind: Service\nmetadata: {name: ${name}${extra}}\nspec: {ports: [{port: 80}]}\n`

suite('lists of the rich cluster', () => {
  let api: KubeApi
  const closing: (() => unknown)[] = []
  before(async () => {
    api = await startKubeApi(
      { after: run => void closing.push(run) },
      { manifests: fixtureManifests('cluster.yaml') },
    )
  })
  after(async () => {
    for (const close of closing) await close()
  })

  const SELECTIONS: readonly { readonly path: string; readonly expected: string }[] = [
    { path: '/api/v1/namespaces', expected: 'another default empty kube-system testns' },
    { path: '/api/v1/namespaces/kube-system/services', expected: 'kube-dns' },
    { path: '/api/v1/namespaces/empty/services', expected: '' },
    { path: '/api/v1/namespaces/nowhere/services', expected: '' },
    { path: `${SERVICES}?labelSelector=app%3Dsvc1`, expected: 'svc1 svc1' },
    { path: `${SERVICES}?labelSelector=app%3D%3Dsvc1,tier!%3Dother`, expected: 'svc1' },
    { path: `${SERVICES}?labelSelector=app%20in%20(svc1,web),!tier`, expected: 'svc1 web' },
    { path: `${SERVICES}?labelSelector=app,app%20notin%20(web)`, expected: 'svc1 svc1' },
    { path: `${SERVICES}?labelSelector=k8s-app`, expected: 'kube-dns' },
    {
      path: '/api/v1/namespaces?labelSelector=environment%20in%20(test,%20production)',
      expected: 'another testns',
    },
    {
      path: '/api/v1/namespaces?labelSelector=kubernetes.io/metadata.name%3Ddefault',
      expected: 'default',
    },
    { path: '/api/v1/pods?fieldSelector=status.phase%3DSucceeded', expected: 'done' },
    {
      path: '/api/v1/namespaces/testns/pods?fieldSelector=status.phase!%3DSucceeded,status.phase!%3DRunning,status.phase!%3DFailed',
      expected: 'waiting',
    },
    { path: `${SERVICES}?fieldSelector=metadata.namespace%3D%3Ddefault`, expected: 'kubernetes' },
    {
      path: `${SERVICES}?fieldSelector=metadata.namespace!%3Dtestns,metadata.name%3Dsvc1`,
      expected: 'svc1',
    },
    {
      path: '/apis/multicluster.x-k8s.io/v1alpha1/serviceimports',
      expected: 'imported imported-headless',
    },
    {
      path: '/apis/discovery.k8s.io/v1/namespaces/testns/endpointslices?labelSelector=kubernetes.io/service-name%3Dheadless-dual',
      expected: 'headless-dual-4 headless-dual-6',
    },
  ]
  for (const { path, expected } of SELECTIONS)
    test(decodeURIComponent(path), async () =>
      assert.equal(names(await askBody(api, path)), expected),
    )

  const REFUSED: readonly {
    readonly path: string
    readonly code: number
    readonly message: RegExp
    readonly method?: string
  }[] = [
    {
      path: `${SERVICES}?labelSelector=a%3D%3D%3Db`,
      code: 400,
      message: /^unable to parse requirement/,
    },
    {
      path: `${SERVICES}?fieldSelector=spec.ports%3D1`,
      code: 400,
      message: /^field label not supported: spec.ports$/,
    },
    {
      path: '/apis/discovery.k8s.io/v1/endpointslices?fieldSelector=a%3D1',
      code: 400,
      message: /^"a" is not a known field selector: only "metadata.name"/,
    },
    { path: `${SERVICES}?resourceVersion=x`, code: 400, message: /Invalid value: "x"/ },
    {
      path: `${SERVICES}?resourceVersion=999999`,
      code: 504,
      message: /Too large resource version: 999999, current: \d+$/,
    },
    { path: `${SERVICES}?continue=x`, code: 400, message: /^continue key is not valid/ },
    {
      path: `${SERVICES}?resourceVersionMatch=Exact`,
      code: 422,
      message: /forbidden unless resourceVersion is provided$/,
    },
    {
      path: '/api/v1/namespaces/testns/services/nope',
      code: 404,
      message: /^services "nope" not found$/,
    },
    {
      path: '/apis/discovery.k8s.io/v1/namespaces/a/endpointslices/b',
      code: 404,
      message: /^endpointslices.discovery.k8s.io "b" not found$/,
    },
    {
      path: '/api/v1/configmaps',
      code: 404,
      message: /^the server could not find the requested resource$/,
    },
    {
      path: SERVICES,
      code: 403,
      method: 'POST',
      message: /cannot create resource "services" in API group "" at the cluster scope$/,
    },
  ]
  for (const { path, code, message, method = 'GET' } of REFUSED)
    test(`${method} ${decodeURIComponent(path)} is refused with ${code}`, async () => {
      const answer = await ask(api, path, { method })
      const status = JSON.parse(answer.text) as ApiBody
      assert.deepEqual(
        [answer.code, status.kind, status.apiVersion, status.code, status.status],
        [code, 'Status', 'v1', code, 'Failure'],
      )
      assert.match(status.message ?? '', message)
    })

  test('items carry no kind, single objects do', async () => {
    const list = await askBody(api, '/api/v1/namespaces/kube-system/services')
    assert.deepEqual(
      [list.kind, list.apiVersion, list.items?.[0]?.kind],
      ['ServiceList', 'v1', undefined],
    )
    const one = await askBody(api, '/api/v1/namespaces/kube-system/services/kube-dns')
    assert.deepEqual([one.kind, one.apiVersion], ['Service', 'v1'])
    assert.deepEqual(list.items?.[0]?.spec, one.spec)
  })

  const PROTOBUF = 'application/vnd.kubernetes.protobuf'
  const IMPORTS = '/apis/multicluster.x-k8s.io/v1alpha1/serviceimports'
  for (const { path, accept, code, type } of [
    { path: SERVICES, accept: 'application/json;as=Table;g=meta.k8s.io;v=v1', code: 406 },
    { path: SERVICES, accept: 'application/xml', code: 406 },
    { path: SERVICES, accept: PROTOBUF, code: 200, type: PROTOBUF },
    { path: SERVICES, accept: `${PROTOBUF},application/json;q=0.9`, code: 200, type: PROTOBUF },
    { path: SERVICES, accept: `application/json, ${PROTOBUF}`, code: 200 },
    { path: IMPORTS, accept: PROTOBUF, code: 406 },
    { path: IMPORTS, accept: `${PROTOBUF}, */*`, code: 200 },
  ])
    test(`${path} as ${accept}`, async () => {
      const answer = await ask(api, path, { headers: { accept } })
      assert.deepEqual(
        [answer.code, answer.headers['content-type']],
        [code, type ?? 'application/json'],
      )
    })

  test('readiness, version and groups', async () => {
    assert.equal((await ask(api, '/readyz', { token: '' })).text, 'ok')
    assert.equal((await askBody(api, '/version')).gitVersion, 'v1.33.4')
    assert.equal((await askBody(api, '/apis')).kind, 'APIGroupList')
    assert.equal(
      (await ask(api, '/apis/nothing.example.org/v1/things')).text,
      '404 page not found\n',
    )
  })
})

test('pages show the revision of the first, whatever happens meanwhile', async t => {
  const api = await startKubeApi(t, { manifests: small('a', 'b', 'c', 'd', 'e') })
  const first = await askBody(api, `${SERVICES}?limit=2`)
  assert.deepEqual([names(first), first.metadata?.remainingItemCount], ['a b', 3])
  api.delete('Service', 'default', 'c')
  api.apply(small('bb', 'f'))
  api.apply(serviceText('d', ', labels: {changed: yes}'))
  const second = await askBody(api, `${SERVICES}?limit=2&continue=${first.metadata?.continue}`)
  assert.deepEqual(
    [names(second), second.metadata?.resourceVersion],
    ['c d', first.metadata?.resourceVersion],
  )
  assert.equal(second.items?.[1]?.metadata?.labels, undefined)
  const third = await askBody(api, `${SERVICES}?limit=2&continue=${second.metadata?.continue}`)
  assert.deepEqual(
    [names(third), third.metadata?.continue, third.metadata?.remainingItemCount],
    ['e', undefined, undefined],
  )
  assert.equal(names(await askBody(api, SERVICES)), 'a b bb d e f')
  assert.equal(
    names(
      await askBody(
        api,
        `${SERVICES}?resourceVersionMatch=Exact&resourceVersion=${first.metadata?.resourceVersion}`,
      ),
    ),
    'a b c d e',
  )
})

test('an expired continue token is refused with one that goes on with the present', async t => {
  const api = await startKubeApi(t, { manifests: small('a', 'b', 'c') })
  const first = await askBody(api, `${SERVICES}?limit=1`)
  api.delete('Service', 'default', 'b')
  api.compact()
  const expired = await askBody(api, `${SERVICES}?limit=1&continue=${first.metadata?.continue}`)
  assert.deepEqual([expired.code, expired.reason], [410, 'Expired'])
  assert.match(expired.message ?? '', /^The provided continue parameter is too old/)
  assert.equal(names(await askBody(api, `${SERVICES}?continue=${expired.metadata?.continue}`)), 'c')
})

test('resourceVersion 0 overlooks the limit, as the real server does', async t => {
  const api = await startKubeApi(t, { manifests: small('a', 'b', 'c') })
  assert.equal(names(await askBody(api, `${SERVICES}?limit=1&resourceVersion=0`)), 'a b c')
})

test('counting by selector is left out, and a page may be empty', async t => {
  const api = await startKubeApi(t, { manifests: small('a', 'b', 'c') })
  const page = await askBody(api, `${SERVICES}?limit=1&labelSelector=none`)
  assert.deepEqual(
    [names(page), page.metadata?.remainingItemCount, page.metadata?.continue],
    ['', undefined, undefined],
  )
  const named = await askBody(api, `${SERVICES}?limit=1&fieldSelector=metadata.name!%3Da`)
  assert.deepEqual([names(named), named.metadata?.remainingItemCount], ['b', undefined])
})

test('long lists are compressed for those who can read it', async t => {
  const api = await startKubeApi(t, { cluster: { services: 500, endpoints: 500 } })
  const headers = { 'accept-encoding': 'gzip' }
  assert.equal((await ask(api, SERVICES, { headers })).headers['content-encoding'], 'gzip')
  assert.equal(
    (await ask(api, `${SERVICES}?limit=5`, { headers })).headers['content-encoding'],
    undefined,
  )
  assert.equal((await ask(api, SERVICES)).headers['content-encoding'], undefined)
})
