import assert from 'node:assert/strict'
import test from 'node:test'
import { scriptedApi } from '../../../test/fakes/api-server.ts'
import { makeCertificates } from '../../../test/fakes/certificates.ts'
import { ask, config, open, seen, write } from '../../../test/fakes/kubeconfig.ts'
import { connect } from './target.ts'

const certificates = makeCertificates()
const skip = certificates === undefined ? 'there is no openssl program' : false

const WRONG: readonly { name: string; text: string; context?: string; error: RegExp }[] = [
  { name: 'no YAML', text: 'a: [1\nb: }', error: /^kubeconfig \S+: line \d is no YAML: / },
  { name: 'an empty file', text: '', error: /: it is no kubeconfig: the file holds no mapping$/ },
  { name: 'a list', text: '- a', error: /: it is no kubeconfig/ },
  {
    name: 'aliases without end',
    text: `a: &a [x]\n${Array.from({ length: 9 }, (_, i) => `b${i}: &b${i} [${`*${i === 0 ? 'a' : `b${i - 1}`},`.repeat(9)}]`).join('\n')}`,
    error: /: its aliases repeat more than 100 times$/,
  },
  {
    name: 'two documents',
    text: 'a: 1\n---\nb: 2',
    error: /: line \d is no YAML: a second document begins here$/,
  },
  {
    name: 'no current-context',
    text: 'kind: Config',
    error: /: it has no current-context: name a context after the file$/,
  },
  {
    name: 'an unknown context',
    text: config([]),
    context: 'three',
    error: /: there is no context "three" \(there are "one", "two", "lost", "nobody", "empty"\)$/,
  },
  {
    name: 'an unknown context of none',
    text: 'current-context: x',
    error: /there is no context "x" \(there is none\)$/,
  },
  {
    name: 'an unknown cluster',
    text: config([]),
    context: 'lost',
    error: /: there is no cluster "elsewhere", which context "lost" names$/,
  },
  {
    name: 'an unknown user',
    text: config([]),
    context: 'nobody',
    error: /: there is no user "someone", which context "nobody" names$/,
  },
  {
    name: 'a context without a cluster',
    text: config([]),
    context: 'empty',
    error: /: context "empty" names no cluster$/,
  },
  {
    name: 'a cluster without a server',
    text: config([], ['tls-server-name: x']),
    error: /: cluster "c": it has no server$/,
  },
  {
    name: 'a proxy',
    text: config([], ['server: https://192.0.2.1', 'proxy-url: http://192.0.2.2']),
    error: /: cluster "c": proxy-url is not supported$/,
  },
  {
    name: 'an auth-provider',
    text: config(['auth-provider: { name: gcp }']),
    error: /: user "u": auth-provider is not supported: /,
  },
  {
    name: 'a token that is a list',
    text: config(['token: [a]']),
    error: /: user "u": token must be a string$/,
  },
  {
    name: 'clusters that are a mapping',
    text: config([]).replace('clusters:', 'clusters: {}\nmore:'),
    error: /clusters must be a list$/,
  },
  {
    name: 'a user that is text',
    text: config([]).replace(/user:\n/, 'user: text\n'),
    error: /user of users\[0\] of the file must be a mapping$/,
  },
  {
    name: 'a certificate without a key',
    text: config(['client-certificate-data: AAAA']),
    error: /a client-certificate without its client-key$/,
  },
  {
    name: 'data that is no base64',
    text: config(['client-key-data: "?"', 'client-certificate-data: AAAA']),
    error: /client-key-data is no base64$|certificate/,
  },
  {
    name: 'a token and a password',
    text: config(['token: a', 'username: b']),
    error: /a token and a username are both given/,
  },
  {
    name: 'a CA that is missing',
    text: config([], ['server: https://192.0.2.1', 'certificate-authority: ca.crt']),
    error: /kubeconfig-\S+\/ca\.crt cannot be read: there is no such file$/,
  },
  {
    name: 'a CA and no verification',
    text: config(
      [],
      [
        'server: https://192.0.2.1',
        'certificate-authority: ca.crt',
        'insecure-skip-tls-verify: true',
      ],
    ),
    error: /both given/,
  },
  {
    name: 'verification that is a word',
    text: config([], ['server: https://192.0.2.1', 'insecure-skip-tls-verify: maybe']),
    error: /insecure-skip-tls-verify must be true or false$/,
  },
  {
    name: 'groups to impersonate without a user',
    text: config(['as-groups: [a]']),
    error: /need as$/,
  },
  {
    name: 'a user that no header takes',
    text: config(['as: "a\\nb"']),
    error: /cannot be impersonated/,
  },
  {
    name: 'an exec plugin of an old version',
    text: config(['exec: { apiVersion: client.authentication.k8s.io/v1alpha1, command: x }']),
    error: /apiVersion must be \S+\/v1 or \S+\/v1beta1, not "\S+\/v1alpha1"$/,
  },
  {
    name: 'an exec plugin without a command',
    text: config(['exec: { apiVersion: client.authentication.k8s.io/v1 }']),
    error: /it has no command$/,
  },
  {
    name: 'an exec plugin that must ask',
    text: config([
      'exec: { apiVersion: client.authentication.k8s.io/v1, command: x, interactiveMode: Always }',
    ]),
    error: /Always is not supported/,
  },
]

for (const { name, text, context, error } of WRONG)
  test(`refused with the name of the file: ${name}`, async t => {
    const written = write(t, text)
    await assert.rejects(open(t, written, context), (thrown: Error) => {
      assert.match(thrown.message, error)
      assert.ok(thrown.message.startsWith(`kubeconfig ${written.file}: `))
      return true
    })
  })

test('a file that is missing is refused by name', () =>
  assert.rejects(
    connect(
      {
        endpoint: undefined,
        tls: undefined,
        kubeconfig: { file: '/nowhere/config', context: undefined },
      },
      { env: {}, serviceAccountFolder: '', userAgent: '' },
    ),
    {
      message: 'kubeconfig /nowhere/config: /nowhere/config cannot be read: there is no such file',
    },
  ))

const USERS: readonly {
  name: string
  user: readonly string[]
  context?: string
  headers: Readonly<Record<string, string | undefined>>
}[] = [
  { name: 'a token', user: ['token: abc'], headers: { authorization: 'Bearer abc' } },
  {
    name: 'a token of digits',
    user: ['token: 12345678901234567890'],
    headers: { authorization: 'Bearer 12345678901234567890' },
  },
  {
    name: 'a token in a file beside it, which wins',
    user: ['token: abc', 'tokenFile: token'],
    headers: { authorization: 'Bearer from-file' },
  },
  {
    name: 'a password',
    user: ['username: me', 'password: "p:ü"'],
    headers: { authorization: `Basic ${Buffer.from('me:p:ü').toString('base64')}` },
  },
  { name: 'no user', user: ['token: abc'], context: 'two', headers: { authorization: undefined } },
  {
    name: 'impersonation',
    user: [
      'token: abc',
      'as: other',
      'as-uid: "7"',
      'as-groups: [g1, g2]',
      'as-user-extra: { scope/a: [x] }',
    ],
    headers: {
      'impersonate-user': 'other',
      'impersonate-uid': '7',
      'impersonate-group': 'g1, g2',
      'impersonate-extra-scope%2fa': 'x',
    },
  },
]

for (const { name, user, context, headers } of USERS)
  test(`a user with ${name}`, async t => {
    const api = await scriptedApi(t)
    const connection = await open(
      t,
      write(t, config(user, [`server: ${api.url.href}`]), { token: 'from-file\n' }),
      context,
    )
    const asked = await seen(api, connection)
    for (const [header, value] of Object.entries(headers))
      assert.equal(asked.headers[header], value, header)
    assert.doesNotMatch(connection.identity, /abc|from-file/)
  })

test('the CA as data, a name for its certificate, and a client certificate in files', {
  skip,
}, async t => {
  const { authority, named, client } = certificates!
  const api = await scriptedApi(t, {
    ...named,
    ca: authority.cert,
    requestCert: true,
    rejectUnauthorized: true,
  })
  const data = Buffer.from(authority.cert).toString('base64')
  const cluster = [
    `server: ${api.url.href}`,
    `certificate-authority-data: ${data}`,
    'tls-server-name: api.example.net',
  ]
  const written = write(t, config(['client-certificate: crt', 'client-key: key'], cluster), {
    crt: client.cert,
    key: client.key,
  })
  await seen(api, await open(t, written))
})

test('an address as the name of its certificate', { skip }, async t => {
  const { authority, server } = certificates!
  const api = await scriptedApi(t, server)
  const data = Buffer.from(authority.cert).toString('base64')
  const lines = (name: string): string[] => [
    `server: https://localhost:${api.url.port}`,
    `certificate-authority-data: ${data}`,
    `tls-server-name: ${name}`,
  ]
  await seen(api, await open(t, write(t, config([], lines('127.0.0.1')))))
  await assert.rejects(
    ask(await open(t, write(t, config([], lines('127.0.0.2'))))),
    /its certificate is for other names/,
  )
})

test('insecure-skip-tls-verify believes any certificate', { skip }, async t => {
  const api = await scriptedApi(t, certificates!.expired)
  await seen(
    api,
    await open(
      t,
      write(t, config([], [`server: ${api.url.href}`, 'insecure-skip-tls-verify: true'])),
    ),
  )
})
