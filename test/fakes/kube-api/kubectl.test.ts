// The real client against the test server, where there is one: it decides whether what is served is
// an API.

import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { temporaryFolder, without } from '../../support/server-process.ts'
import { type KubeApi, startKubeApi } from './api-server.ts'
import { fixtureManifests } from './manifests.ts'

const skip = without('kubectl')

interface Outcome {
  readonly failed: boolean
  readonly out: string
  readonly err: string
}

const client = (t: TestContext, api: KubeApi, credentials?: 'certificate') => {
  const folder = temporaryFolder(t)
  const file = join(folder, 'kubeconfig')
  writeFileSync(file, api.kubeconfig(credentials))
  return (...args: string[]): Promise<Outcome> => {
    const { promise, resolve } = Promise.withResolvers<Outcome>()
    const all = ['--kubeconfig', file, '--cache-dir', folder, '--request-timeout=20s', ...args]
    execFile('kubectl', all, (error, out, err) => resolve({ failed: error !== null, out, err }))
    return promise
  }
}

test('kubectl lists, selects, pages and reads', { skip }, async t => {
  const api = await startKubeApi(t, {
    manifests: fixtureManifests('cluster.yaml'),
    cluster: { services: 300, endpoints: 300 },
  })
  const kubectl = client(t, api)
  assert.equal(
    (await kubectl('get', 'ns', '-l', 'environment in (test)', '-o', 'name')).out,
    'namespace/testns\n',
  )
  assert.equal(
    (await kubectl('get', 'svc', '-A', '-o', 'name', '--chunk-size=100')).out.trimEnd().split('\n')
      .length,
    326,
  )
  assert.equal(api.requests.count({ verb: 'list', resource: 'services' }), 4)
  assert.equal(
    (await kubectl('get', 'po', '-A', '--field-selector=status.phase=Failed', '-o', 'name')).out,
    'pod/failed\n',
  )
  assert.equal(
    (
      await kubectl(
        'get',
        'svc',
        'kube-dns',
        '-n',
        'kube-system',
        '-o',
        'jsonpath={.spec.clusterIP}',
      )
    ).out,
    '10.96.0.10',
  )
  assert.match(
    (await kubectl('describe', 'svc', 'web', '-n', 'testns')).out,
    /Endpoints: +10.244.3.1:80,10.244.3.2:80\n/,
  )
})

test('kubectl understands the refusals', { skip }, async t => {
  const api = await startKubeApi(t, { manifests: fixtureManifests('cluster.yaml') })
  const kubectl = client(t, api)
  assert.equal(
    (await kubectl('get', 'svc', 'nope')).err,
    'Error from server (NotFound): services "nope" not found\n',
  )
  api.auth.deny('list', 'pods')
  assert.match(
    (await kubectl('get', 'pods', '-A')).err,
    /^Error from server \(Forbidden\): pods is forbidden: User ".*at the cluster scope\n$/,
  )
  api.auth.revoke()
  assert.match((await kubectl('get', 'pods', '-A')).err, /You must be logged in to the server/)
})

test('kubectl waits by a watch, with a client certificate', { skip }, async t => {
  const api = await startKubeApi(t, {
    manifests: '{kind: Pod, metadata: {name: a}}',
    requestsCertificate: true,
  })
  const kubectl = client(t, api, 'certificate')
  const waiting = kubectl(
    'wait',
    '--for=jsonpath={.status.phase}=Running',
    'pod/a',
    '-n',
    'default',
    '--timeout=15s',
  )
  await api.watches.whenOpen(1, 'pods')
  api.apply('{kind: Pod, metadata: {name: a}, status: {phase: Running}}')
  assert.deepEqual(await waiting, { failed: false, out: 'pod/a condition met\n', err: '' })
})
