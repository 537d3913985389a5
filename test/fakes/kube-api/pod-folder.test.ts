// Credentials as files: the layout of a projected volume, its swap, and kubeconfig text.

import assert from 'node:assert/strict'
import {
  existsSync,
  lstatSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  symlinkSync,
} from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { parse } from 'yaml'
import { ask, askBody } from './api-client.ts'
import { KubeApi, startKubeApi } from './api-server.ts'

const links = (path: string): string[] =>
  readdirSync(path).filter(name => lstatSync(join(path, name)).isSymbolicLink())

test('the folder is laid out as in a pod, and what is in it opens the server', async t => {
  const api = await startKubeApi(t)
  const { path } = api.podFolder()
  assert.deepEqual(links(path).sort(), ['..data', 'ca.crt', 'namespace', 'token'])
  assert.equal(readlinkSync(join(path, 'token')), '..data/token')
  assert.match(readlinkSync(join(path, '..data')), /^\.\.2026_\d\d_\d\d_\d\d_\d\d_\d\d\.\d+$/)
  assert.equal(readFileSync(join(path, 'namespace'), 'utf8'), 'kube-system')
  const token = readFileSync(join(path, 'token'), 'utf8')
  const ca = readFileSync(join(path, 'ca.crt'), 'utf8')
  assert.equal((await ask(api, '/api/v1/services', { token, ca })).code, 200)
})

test('rotation swaps the link, removes the old version, and the old token can be revoked', async t => {
  const api = await startKubeApi(t)
  const { path } = api.podFolder()
  const [data, token] = [readlinkSync(join(path, '..data')), api.token]
  const rotated = api.rotateToken()
  assert.notEqual(rotated, token)
  assert.equal(readFileSync(join(path, 'token'), 'utf8'), rotated)
  assert.notEqual(readlinkSync(join(path, '..data')), data)
  assert.equal(existsSync(join(path, data)), false)
  assert.equal((await ask(api, '/api/v1/services', { token })).code, 200)
  api.auth.revoke(token)
  assert.equal((await ask(api, '/api/v1/services', { token })).code, 401)
  assert.equal((await ask(api, '/api/v1/services', { token: rotated })).code, 200)
})

test('a folder that was used before is used again', async t => {
  const api = await startKubeApi(t)
  const { path } = api.podFolder()
  symlinkSync('nowhere', join(path, '..data_tmp'))
  const rotated = api.rotateToken()
  api.podFolder(path)
  assert.equal(readFileSync(join(path, 'token'), 'utf8'), rotated)
  assert.equal(readdirSync(path).length, 5)
})

test('temporary folders go with the server', async () => {
  const api = new KubeApi()
  const { path } = api.podFolder()
  await api.close()
  assert.equal(existsSync(path), false)
})

test('kubeconfig names the server, the authority, and a token or a certificate', async t => {
  const api = await startKubeApi(t, { requestsCertificate: true })
  const base64 = (text: string): string => Buffer.from(text, 'base64').toString('utf8')
  const [byToken, byCertificate] = [parse(api.kubeconfig()), parse(api.kubeconfig('certificate'))]
  assert.equal(byToken['current-context'], 'test')
  assert.equal(byToken.clusters[0].cluster.server, api.url)
  const ca = base64(byToken.clusters[0].cluster['certificate-authority-data'])
  assert.equal(
    (await askBody(api, '/api/v1/pods', { ca, token: byToken.users[0].user.token })).kind,
    'PodList',
  )
  const { user } = byCertificate.users[0]
  const pair = {
    cert: base64(user['client-certificate-data']),
    key: base64(user['client-key-data']),
  }
  assert.equal((await askBody(api, '/api/v1/pods', { ca, token: '', ...pair })).kind, 'PodList')
})
