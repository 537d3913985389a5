// Who is let in: tokens, certificates, permissions, and what a client must not trust.

import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { type ApiBody, ask, askBody, type ClientOptions } from './api-client.ts'
import { type KubeApi, type KubeApiOptions, startKubeApi } from './api-server.ts'
import { clientPair, wrongAuthority } from './tls-files.ts'

const SERVICES = '/api/v1/services'
const USER = 'system:serviceaccount:kube-system:coredns'

test('a token that is not valid is 401, and becomes so when revoked', async t => {
  const api = await startKubeApi(t)
  const answer = await ask(api, SERVICES, { token: 'made-up' })
  assert.deepEqual(JSON.parse(answer.text), {
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Failure',
    message: 'Unauthorized',
    reason: 'Unauthorized',
    code: 401,
  })
  assert.equal((await ask(api, SERVICES)).code, 200)
  api.auth.revoke(api.token)
  assert.equal((await ask(api, SERVICES)).code, 401)
})

const FORBIDDEN = [
  {
    path: SERVICES,
    verb: 'list services',
    message: `services is forbidden: User "${USER}" cannot list resource "services" in API group "" at the cluster scope`,
  },
  {
    path: '/apis/discovery.k8s.io/v1/namespaces/testns/endpointslices?watch=true',
    verb: 'watch endpointslices',
    message: `endpointslices.discovery.k8s.io is forbidden: User "${USER}" cannot watch resource "endpointslices" in API group "discovery.k8s.io" in the namespace "testns"`,
  },
  {
    path: '/api/v1/namespaces/testns/pods/web-0',
    verb: 'get pods',
    message: `pods "web-0" is forbidden: User "${USER}" cannot get resource "pods" in API group "" in the namespace "testns"`,
  },
]
for (const { path, verb, message } of FORBIDDEN)
  test(`without ${verb}, ${path} is 403 in the real words`, async t => {
    const api = await startKubeApi(t)
    const [name = '', plural = ''] = verb.split(' ')
    api.auth.deny(name, plural)
    const status = await askBody(api, path)
    assert.deepEqual([status.code, status.reason, status.message], [403, 'Forbidden', message])
    api.auth.allow(name, plural)
    assert.notEqual((await askBody(api, `${path.split('?')[0]}`)).code, 403)
  })

test('without credentials one is anonymous, or unknown where that is not allowed', async t => {
  const api = await startKubeApi(t)
  const status = await askBody(api, SERVICES, { token: '' })
  assert.match(status.message ?? '', /User "system:anonymous" cannot list/)
  assert.equal(
    (await askBody(api, '/api', { token: '' })).message,
    'forbidden: User "system:anonymous" cannot get path "/api"',
  )
  api.auth.allowsAnonymous = false
  assert.equal((await ask(api, SERVICES, { token: '' })).code, 401)
})

suite('certificates', () => {
  const asked = async (
    t: { after(run: () => unknown): void },
    options: KubeApiOptions,
    client: ClientOptions,
  ): Promise<ApiBody> => {
    const api: KubeApi = await startKubeApi(t, options)
    return askBody(api, SERVICES, client)
  }

  test("a client's certificate is as good as a token", async t => {
    assert.equal(
      (await asked(t, { requestsCertificate: true }, { token: '', ...clientPair() })).kind,
      'ServiceList',
    )
  })

  test("a certificate of the wrong authority is nobody's", async t => {
    assert.equal(
      (await asked(t, { requestsCertificate: true }, { token: '', ...clientPair(true) })).code,
      401,
    )
  })

  test('a certificate that was not asked for is not looked at', async t => {
    assert.equal((await asked(t, {}, { token: '', ...clientPair() })).code, 403)
  })

  const DISTRUSTED: readonly {
    readonly name: string
    readonly options: KubeApiOptions
    readonly client: ClientOptions
    readonly code: string
  }[] = [
    {
      name: 'wrong authority',
      options: {},
      client: { ca: wrongAuthority() },
      code: 'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
    },
    { name: 'expired', options: { identity: 'expired' }, client: {}, code: 'CERT_HAS_EXPIRED' },
    {
      name: 'another name',
      options: { identity: 'other-name' },
      client: {},
      code: 'ERR_TLS_CERT_ALTNAME_INVALID',
    },
  ]
  for (const { name, options, client, code } of DISTRUSTED)
    test(`a client does not trust: ${name}`, async t => {
      await assert.rejects(asked(t, options, client), { code })
    })

  test('IPv6 and plain HTTP are served too', async t => {
    assert.equal((await asked(t, { host: '::1' }, {})).kind, 'ServiceList')
    assert.equal((await asked(t, { https: false }, {})).kind, 'ServiceList')
  })
})
