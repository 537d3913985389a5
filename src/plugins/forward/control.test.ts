import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test, { type TestContext } from 'node:test'
import { fakeUpstream, makeCertificate } from '../../../test/fakes/fake-upstream.ts'
import { fakeControl, options } from '../../../test/support/plugin-harness.ts'
import { readQuestion } from '../../wire/question.ts'
import { TYPE_A } from '../../wire/rrtypes.ts'
import { control as controlForward, type ForwardShared } from './control.ts'
import { forward } from './index.ts'

const folder = async (t: TestContext, files: Record<string, string>): Promise<string> => {
  const path = await mkdtemp(join(tmpdir(), 'shardns-forward-'))
  t.after(() => rm(path, { recursive: true }))
  for (const [name, text] of Object.entries(files)) await writeFile(join(path, name), text)
  return path
}

const control = (text: string, root = ''): Promise<ForwardShared> =>
  controlForward(options(forward, text), fakeControl({ settings: { root } }))

const names = async (text: string): Promise<string[]> =>
  (await control(text)).instances.flatMap(({ upstreams }) => upstreams.map(({ name }) => name))

test('an address and port that comes twice is one upstream, whatever its scheme', async () => {
  assert.deepEqual(
    await names('forward . 192.0.2.1 dns://192.0.2.1:53 tls://192.0.2.1:53 192.0.2.1:54'),
    ['192.0.2.1:53', '192.0.2.1:54'],
  )
})

test('a file gives its name servers', async t => {
  const path = await folder(t, {
    conf: 'nameserver 192.0.2.1\nsearch example.org\nnameserver fe80::1%eth0\n',
  })
  assert.deepEqual(await names(`forward . ${join(path, 'conf')} 192.0.2.9`), [
    '192.0.2.1:53',
    '[fe80::1%eth0]:53',
    '192.0.2.9:53',
  ])
})

test('a file without name servers is passed over', async t => {
  const path = await folder(t, { empty: 'search example.org\n' })
  assert.deepEqual(await names(`forward . ${join(path, 'empty')} 192.0.2.9`), ['192.0.2.9:53'])
  await assert.rejects(names(`forward . ${join(path, 'empty')}`), {
    message: 'no valid upstream addresses found',
  })
})

test('a name server that is no address is an error', async t => {
  const path = await folder(t, { conf: 'nameserver dns.example.net\n' })
  await assert.rejects(names(`forward . ${join(path, 'conf')}`), {
    message: `not an IP address in ${join(path, 'conf')}: "dns.example.net"`,
  })
})

test('what is neither address, file nor host name is an error', async t => {
  const path = await folder(t, {})
  for (const to of [join(path, 'absent'), path, '192.0.2.300']) {
    await assert.rejects(names(`forward . ${to}`), {
      message: `not an IP address, file, or valid domain: ${JSON.stringify(to)}`,
    })
  }
})

test('a host name gives all its addresses, asked of the resolver; over TLS its certificate is checked for the name', async t => {
  const server = await fakeUpstream(asked => {
    const isV4 = readQuestion(asked.bytes)?.type === TYPE_A
    asked.reply({
      answer: [
        isV4 ? 'dns.example.net. 60 IN A 192.0.2.7' : 'dns.example.net. 60 IN AAAA 2001:db8::7',
      ],
    })
  })
  t.after(() => server.close())
  const block = `{\nresolver 127.0.0.1:${server.port}\n}`
  const { instances } = await control(
    `forward . tls://dns.example.net dns.example.net:5353 ${block}`,
  )
  assert.deepEqual(
    instances[0]?.upstreams.map(({ name, serverName }) => [name, serverName]),
    [
      ['192.0.2.7:853', 'dns.example.net'],
      ['[2001:db8::7]:853', 'dns.example.net'],
      ['192.0.2.7:5353', ''],
      ['[2001:db8::7]:5353', ''],
    ],
  )
})

test('over HTTPS a host name is in the URL, too', async t => {
  const server = await fakeUpstream(asked => {
    const isV4 = readQuestion(asked.bytes)?.type === TYPE_A
    asked.reply(isV4 ? { answer: ['dns.example.net. 60 IN A 192.0.2.7'] } : {})
  })
  t.after(() => server.close())
  const places = async (more: string) => {
    const block = `{\nresolver 127.0.0.1:${server.port}\n${more}\n}`
    const { instances } = await control(
      `forward . https://dns.example.net. https://192.0.2.8:8443 ${block}`,
    )
    return instances[0]?.upstreams.map(one => [one.name, one.protocol, one.serverName, one.host])
  }
  assert.deepEqual(await places(''), [
    ['192.0.2.7:443', 'https', 'dns.example.net', 'dns.example.net'],
    ['192.0.2.8:8443', 'https', '', ''],
  ])
  assert.deepEqual(await places('tls_servername a.example.net'), [
    ['192.0.2.7:443', 'https', 'a.example.net', 'dns.example.net'],
    ['192.0.2.8:8443', 'https', 'a.example.net', ''],
  ])
})

for (const { text, warnings } of [
  {
    text: 'forward . https://192.0.2.1 https://192.0.2.2',
    warnings: ['[WARNING] HTTPS_PROXY is not used: upstreams over HTTPS are asked directly'],
  },
  { text: 'forward . tls://192.0.2.1', warnings: [] },
])
  test(`an HTTPS proxy is not used, which is ${warnings.length === 0 ? 'not ' : ''}said: ${text}`, async t => {
    const { HTTPS_PROXY } = process.env
    process.env.HTTPS_PROXY = 'http://192.0.2.9:3128'
    t.after(() => {
      if (HTTPS_PROXY === undefined) delete process.env.HTTPS_PROXY
      else process.env.HTTPS_PROXY = HTTPS_PROXY
    })
    const scope = fakeControl()
    await controlForward(options(forward, text), scope)
    assert.deepEqual(scope.logged, warnings)
  })

test('a host name that cannot be resolved is an error', async t => {
  const server = await fakeUpstream(asked => asked.reply({ rcode: 'NXDOMAIN' }))
  t.after(() => server.close())
  await assert.rejects(
    control(`forward . dns.example.net {\nresolver 127.0.0.1:${server.port}\n}`),
    {
      message: /^failed to resolve "dns\.example\.net": lookup dns\.example\.net: no such host$/,
    },
  )
})

test('tls_servername goes to TLS upstreams that have no name of their own', async () => {
  const { instances } = await control(
    'forward . tls://192.0.2.1 192.0.2.2 {\ntls_servername dns.example.net\n}',
  )
  assert.deepEqual(
    instances[0]?.upstreams.map(({ serverName }) => serverName),
    ['dns.example.net', ''],
  )
})

const certificate = makeCertificate()
const tlsTest =
  certificate === undefined ? { skip: 'there is no openssl to make a certificate with' } : {}

test('tls files are read, relative ones below root', tlsTest, async t => {
  const { cert, key } = certificate ?? { cert: '', key: '' }
  const root = await folder(t, { 'cert.pem': cert, 'key.pem': key, 'ca.pem': cert })
  const tls = async (args: string): Promise<unknown> =>
    (await control(`forward . tls://192.0.2.1 {\ntls ${args}\n}`, root)).instances[0]?.tls
  assert.deepEqual(await tls(''), {})
  assert.deepEqual(await tls('ca.pem'), { ca: cert })
  assert.deepEqual(await tls('cert.pem key.pem'), { cert, key })
  assert.deepEqual(await tls(`cert.pem ${join(root, 'key.pem')} ca.pem`), { cert, key, ca: cert })
})

test('tls files that cannot be used are an error', tlsTest, async t => {
  const { cert, key } = certificate ?? { cert: '', key: '' }
  const other = makeCertificate()?.key ?? ''
  const root = await folder(t, {
    'cert.pem': cert,
    'key.pem': key,
    'other.pem': other,
    junk: 'junk',
    broken: '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n',
  })
  const cases: [string, RegExp][] = [
    ['absent', /^error reading .*absent: open .*absent: no such file or directory$/],
    ['junk', /^could not read root certs: .*junk: no certificate in PEM form$/],
    ['absent key.pem', /^could not load TLS cert: open .*absent: no such file or directory$/],
    [
      'junk key.pem',
      /^could not load TLS cert: tls: failed to find any PEM data in certificate input$/,
    ],
    ['cert.pem junk', /^could not load TLS cert: tls: failed to find any PEM data in key input$/],
    ['cert.pem other.pem', /^could not load TLS cert: tls: private key does not match public key$/],
    ['broken', /^could not read root certs: .*broken: no certificate in it can be parsed$/],
    [
      'broken key.pem',
      /^could not load TLS cert: tls: failed to parse certificate or private key$/,
    ],
  ]
  for (const [args, message] of cases) {
    await assert.rejects(control(`forward . tls://192.0.2.1 {\ntls ${args}\n}`, root), { message })
  }
})

test('what main hands to the shards survives structured clone', async () => {
  const shared = await control(
    'forward . 192.0.2.1 {\nmax_concurrent 5\n}\nforward example.org tls://192.0.2.2',
  )
  assert.deepEqual(structuredClone(shared), shared)
})
