import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test, { type TestContext } from 'node:test'
import {
  type Asked,
  ManualTimers,
  type ScriptedApi,
  scriptedApi,
  status,
} from '../../../test/fakes/api-server.ts'
import { type Certificates, makeCertificates } from '../../../test/fakes/certificates.ts'
import type { KubeConnection } from '../connection.ts'
import { KubeError } from '../kube-error.ts'
import { connect, type KubeTarget, type KubeWorld } from './target.ts'

const certificates = makeCertificates()
const skip = certificates === undefined ? 'there is no openssl program' : false
const NOTHING: KubeTarget = { endpoint: undefined, tls: undefined, kubeconfig: undefined }

const temporaryFolder = (t: TestContext): string => {
  const folder = mkdtempSync(join(tmpdir(), 'shardns-kube-'))
  t.after(() => rmSync(folder, { recursive: true }))
  return folder
}

/**
 * The layout of a projected volume; `rotate` replaces all files at one stroke, as a kubelet does.
 */
function podFolder(t: TestContext, files: Readonly<Record<string, string>>) {
  const folder = temporaryFolder(t)
  let count = 0
  const rotate = (next: Readonly<Record<string, string>>): void => {
    const version = `..${count++}`
    mkdirSync(join(folder, version))
    for (const [name, text] of Object.entries(next))
      writeFileSync(join(folder, version, name), text)
    symlinkSync(version, join(folder, '..data_tmp'))
    renameSync(join(folder, '..data_tmp'), join(folder, '..data'))
  }
  rotate(files)
  for (const name of Object.keys(files)) symlinkSync(join('..data', name), join(folder, name))
  return { folder, rotate }
}

const worldOf = (
  serviceAccountFolder: string,
  url?: URL,
  timers = new ManualTimers(),
): KubeWorld => ({
  env:
    url === undefined
      ? {}
      : { KUBERNETES_SERVICE_HOST: url.hostname, KUBERNETES_SERVICE_PORT: url.port },
  serviceAccountFolder,
  userAgent: 'shardns/test (linux/amd64)',
  clock: { ms: () => timers.nowMs(), seconds: () => 0, wallMs: () => timers.nowMs() },
})

const opened = async (
  t: TestContext,
  target: KubeTarget,
  world: KubeWorld,
): Promise<KubeConnection> => {
  const connection = await connect(target, world)
  t.after(() => connection.close())
  return connection
}

/** Reads a whole answer. */
async function read(connection: KubeConnection): Promise<string> {
  const { body } = await connection.get('/api/v1/pods', {
    signal: new AbortController().signal,
    query: { limit: '1' },
  })
  let text = ''
  for await (const chunk of body) text += Buffer.from(chunk).toString()
  return text
}

/** What a server saw of one request, which it answers with 200. */
async function seen(api: ScriptedApi, connection: KubeConnection): Promise<Asked> {
  const reading = read(connection)
  const asked = await api.next()
  asked.json(200, {})
  await reading
  return asked
}

for (const env of [
  {},
  { KUBERNETES_SERVICE_HOST: '192.0.2.1' },
  { KUBERNETES_SERVICE_PORT: '443' },
  { KUBERNETES_SERVICE_HOST: '', KUBERNETES_SERVICE_PORT: '' },
])
  test(`in-cluster: ${JSON.stringify(env)} is refused in the words of CoreDNS`, () =>
    assert.rejects(connect(NOTHING, { ...worldOf('/nowhere'), env }), {
      message:
        'unable to load in-cluster configuration, KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT must be defined',
    }))

const PODS: readonly { name: string; files: Record<string, string>; error: RegExp }[] = [
  {
    name: 'no token',
    files: { 'ca.crt': certificates?.authority.cert ?? '' },
    error:
      /^unable to load in-cluster configuration: \S+\/token cannot be read: there is no such file$/,
  },
  {
    name: 'an empty token',
    files: { 'ca.crt': certificates?.authority.cert ?? '', token: '\n' },
    error: /the token in \S+ is empty$/,
  },
  {
    name: 'a token of two lines',
    files: { 'ca.crt': certificates?.authority.cert ?? '', token: 'a\nb' },
    error: /holds characters that no token has$/,
  },
  {
    name: 'no CA',
    files: { token: 'secret' },
    error: /\/ca\.crt cannot be read: there is no such file$/,
  },
  {
    name: 'a CA that is no PEM',
    files: { token: 'secret', 'ca.crt': '-----BEGIN CERTIFICATE-----\nnonsense' },
    error: /: the CA in \S+ is no certificate in PEM$/,
  },
]

for (const { name, files, error } of PODS)
  test(`in-cluster: ${name} is said at once`, { skip }, async t => {
    const { folder } = podFolder(t, files)
    await assert.rejects(
      connect(NOTHING, worldOf(folder, new URL('https://192.0.2.1:6443'))).catch(withoutSecret),
      {
        message: error,
      },
    )
  })

const withoutSecret = (error: Error): never => {
  assert.doesNotMatch(error.message, /secret/)
  throw error
}

test('in-cluster: an IPv6 address gets its brackets', { skip }, async t => {
  const { folder } = podFolder(t, { token: 'secret', 'ca.crt': certificates?.authority.cert ?? '' })
  const env = { KUBERNETES_SERVICE_HOST: '2001:db8::1', KUBERNETES_SERVICE_PORT: '443' }
  const { url, host, identity } = await opened(t, NOTHING, { ...worldOf(folder), env })
  assert.equal(url.href, 'https://[2001:db8::1]/')
  assert.equal(host, '[2001:db8::1]:443')
  assert.equal(identity, `https://[2001:db8::1]/ service account ${join(folder, 'token')}`)
})

const inCluster = async (t: TestContext, { authority, server }: Certificates) => {
  const api = await scriptedApi(t, server)
  const pod = podFolder(t, { token: 'token-1\n', 'ca.crt': authority.cert })
  const timers = new ManualTimers()
  return {
    api,
    ...pod,
    timers,
    connection: await opened(t, NOTHING, worldOf(pod.folder, api.url, timers)),
  }
}

test('in-cluster: asks over TLS with the token, and with a new one as soon as it is there', {
  skip,
}, async t => {
  const { api, connection, rotate } = await inCluster(t, certificates!)
  const { headers, url } = await seen(api, connection)
  assert.equal(headers.authorization, 'Bearer token-1')
  assert.equal(headers['user-agent'], 'shardns/test (linux/amd64)')
  assert.equal(headers.accept, 'application/json')
  assert.equal(url.href, 'http://api/api/v1/pods?limit=1')
  rotate({ token: 'token-2', 'ca.crt': certificates!.authority.cert })
  assert.equal((await seen(api, connection)).headers.authorization, 'Bearer token-2')
})

test('in-cluster: files that are gone for a while leave the last ones in use', {
  skip,
}, async t => {
  const { api, connection, folder } = await inCluster(t, certificates!)
  rmSync(join(folder, '..data'))
  assert.equal((await seen(api, connection)).headers.authorization, 'Bearer token-1')
})

test('in-cluster: another token or CA shows in the fingerprint, and nothing of them', {
  skip,
}, async t => {
  const { connection, rotate } = await inCluster(t, certificates!)
  const { authority, server } = certificates!
  const seenThen = [await connection.fingerprint()]
  assert.equal(await connection.fingerprint(), seenThen[0])
  for (const files of [
    { token: 'token-2', 'ca.crt': authority.cert },
    { token: 'token-2', 'ca.crt': server.cert },
    { token: '', 'ca.crt': server.cert },
  ]) {
    rotate(files)
    seenThen.push(await connection.fingerprint())
  }
  assert.equal(new Set(seenThen).size, 4)
  assert.doesNotMatch(seenThen.join(), /token/)
})

test('in-cluster: a 401 is asked again at once if the token is another by now, else it is one sentence', {
  skip,
}, async t => {
  const { api, connection, folder, rotate } = await inCluster(t, certificates!)
  const reading = read(connection)
  const first = await api.next()
  rotate({ token: 'token-2', 'ca.crt': certificates!.authority.cert })
  first.json(401, status(401, 'Unauthorized'))
  const second = await api.next()
  assert.equal(second.headers.authorization, 'Bearer token-2')
  second.json(401, status(401, 'Unauthorized'))
  await assert.rejects(reading, {
    message: `the token in ${join(folder, 'token')} is not accepted (401): expired or of another cluster`,
    status: 401,
  })
  assert.equal(api.asked.length, 2)
  const again = read(connection)
  ;(await api.next()).json(401, status(401, 'Unauthorized'))
  await assert.rejects(again, KubeError)
  assert.equal(api.asked.length, 3)
})

test('in-cluster: a new CA is believed without a restart', { skip }, async t => {
  const { authority, otherAuthority, server } = certificates!
  const api = await scriptedApi(t, server)
  const { folder, rotate } = podFolder(t, { token: 'token-1', 'ca.crt': otherAuthority.cert })
  const connection = await opened(t, NOTHING, worldOf(folder, api.url))
  await assert.rejects(
    read(connection),
    new RegExp(
      `is not signed by the CA in ${join(folder, 'ca.crt')} \\(.*\\): is that the CA of this cluster\\?$`,
    ),
  )
  rotate({ token: 'token-1', 'ca.crt': authority.cert })
  await seen(api, connection)
})

test('a kept connection that the server has closed is no failure', { skip }, async t => {
  const { api, connection } = await inCluster(t, certificates!)
  const first = await seen(api, connection)
  const reading = read(connection)
  const second = await api.next()
  assert.equal(second.response.req.socket, first.response.req.socket)
  second.reset()
  ;(await api.next()).json(200, { again: true })
  assert.equal(await reading, '{"again":true}')
})

test('close ends what is open', { skip }, async t => {
  const { api, connection } = await inCluster(t, certificates!)
  const reading = read(connection)
  await api.next()
  connection.close()
  await assert.rejects(reading, { kind: 'aborted' })
  await assert.rejects(read(connection), { kind: 'aborted' })
})

const SERVERS: readonly { name: string; server: 'expired' | 'named' | undefined; error: RegExp }[] =
  [
    {
      name: 'an expired certificate',
      server: 'expired',
      error: /its certificate, or a CA's, has expired \(CERT_HAS_EXPIRED\)/,
    },
    {
      name: 'a certificate for another name',
      server: 'named',
      error: /its certificate is for other names: .*DNS:api\.example\.net/,
    },
    {
      name: 'no TLS at all',
      server: undefined,
      error: /no TLS connection comes about .*is this the API server's TLS port/,
    },
  ]

for (const { name, server, error } of SERVERS)
  test(`endpoint: ${name} is one sentence`, { skip }, async t => {
    const api = await scriptedApi(t, server && certificates![server])
    const authority = join(temporaryFolder(t), 'ca.crt')
    writeFileSync(authority, certificates!.authority.cert)
    const target = {
      ...NOTHING,
      endpoint: `https://127.0.0.1:${api.url.port}`,
      tls: { certificate: '', key: '', authority },
    }
    await assert.rejects(read(await opened(t, target, worldOf('/nowhere'))), error)
  })

test('endpoint: a client certificate is shown where the server wants one, and what is missing is said', {
  skip,
}, async t => {
  const { authority, client, server } = certificates!
  const api = await scriptedApi(t, {
    ...server,
    ca: authority.cert,
    requestCert: true,
    rejectUnauthorized: true,
    maxVersion: 'TLSv1.2',
  })
  const folder = temporaryFolder(t)
  const files = {
    authority: join(folder, 'ca'),
    certificate: join(folder, 'crt'),
    key: join(folder, 'key'),
  }
  writeFileSync(files.authority, authority.cert)
  writeFileSync(files.certificate, client.cert)
  writeFileSync(files.key, client.key)
  const endpoint = `127.0.0.1:${api.url.port}`
  await seen(api, await opened(t, { ...NOTHING, endpoint, tls: files }, worldOf('/nowhere')))
  const bare = await opened(
    t,
    { ...NOTHING, endpoint, tls: { ...files, certificate: '', key: '' } },
    worldOf('/nowhere'),
  )
  await assert.rejects(
    read(bare),
    /does not accept a client without credentials|cut the connection/,
  )
})

const ENDPOINTS: readonly { endpoint: string; href?: string; host?: string; error?: RegExp }[] = [
  { endpoint: 'http://192.0.2.1:8080', href: 'http://192.0.2.1:8080/', host: '192.0.2.1:8080' },
  {
    endpoint: 'api.example.net:6443',
    href: 'http://api.example.net:6443/',
    host: 'api.example.net:6443',
  },
  {
    endpoint: 'https://api.example.net/k8s/clusters/c-1/',
    href: 'https://api.example.net/k8s/clusters/c-1/',
    host: 'api.example.net:443',
  },
  { endpoint: 'ftp://api.example.net', error: /scheme must be https or http$/ },
  { endpoint: 'https://', error: /is no address of an API server: write https:\/\/HOST:PORT$/ },
  { endpoint: 'https://api.example.net:port', error: /is no address of an API server/ },
  { endpoint: 'https://user:word@api.example.net', error: /takes no user and no password$/ },
  { endpoint: 'https://api.example.net/?a=b', error: /nothing may follow the path$/ },
]

for (const { endpoint, href, host, error } of ENDPOINTS)
  test(`endpoint: ${endpoint} ${error === undefined ? `is ${href}` : 'is refused'}`, async t => {
    const target = { ...NOTHING, endpoint }
    if (error !== undefined) return assert.rejects(connect(target, worldOf('/nowhere')), error)
    const connection = await opened(t, target, worldOf('/nowhere'))
    assert.deepEqual([connection.url.href, connection.host], [href, host])
  })

test('endpoint: a path before /api is kept', async t => {
  const api = await scriptedApi(t)
  const connection = await opened(
    t,
    { ...NOTHING, endpoint: `${api.url.href}k8s/` },
    worldOf('/nowhere'),
  )
  const { url, headers } = await seen(api, connection)
  assert.equal(url.pathname, '/k8s/api/v1/pods')
  assert.equal(headers.authorization, undefined)
})

test('endpoint: a certificate without its key is refused', () =>
  assert.rejects(
    connect(
      {
        ...NOTHING,
        endpoint: 'https://192.0.2.1',
        tls: { certificate: 'a', key: '', authority: '' },
      },
      worldOf('/nowhere'),
    ),
    /must be given together$/,
  ))
