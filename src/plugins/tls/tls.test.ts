import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import {
  mkdirSync,
  mkdtempSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { type Certificates, makeCertificates } from '../../../test/fakes/certificates.ts'
import { fakeClock, fakeLogger } from '../../../test/fakes/fake-scopes.ts'
import { chain, gaugeValues, options, parseError } from '../../../test/support/plugin-harness.ts'
import type { ClientAuth } from '../../chain/listening.ts'
import { CertificateSource } from './certificate-source.ts'
import { tls } from './index.ts'

const made = makeCertificates()
const LIMIT = { skip: made === undefined && 'openssl is missing' }
const certificates = made as Certificates

const block = (...lines: string[]): string => `tls c k {\n${lines.join('\n')}\n}`
const at = (line: number, text: string): string =>
  `Corefile:${line} - Error during parsing: ${text}`
const count = (line: number, word: string): string =>
  at(line, `Wrong argument count or unexpected line ending after '${word}'`)

const values = [
  { name: 'a pair', text: 'tls c k', files: ['c', 'k'], clientAuth: 'nocert', keylog: '' },
  {
    name: 'with authorities',
    text: 'tls c k ca',
    files: ['c', 'k', 'ca'],
    clientAuth: 'nocert',
    keylog: '',
  },
  {
    name: 'all options',
    text: block('client_auth require_and_verify', 'keylog f'),
    files: ['c', 'k'],
    clientAuth: 'require_and_verify',
    keylog: 'f',
  },
  {
    name: 'the last occurrence counts',
    text: 'tls a b {\nkeylog f\n}\ntls c k',
    files: ['c', 'k'],
    clientAuth: 'nocert',
    keylog: '',
  },
]
for (const { name, text, ...expected } of values)
  test(`parse: ${name}`, () =>
    assert.deepEqual(options(tls, text), expected as { clientAuth: ClientAuth }))

const errors = [
  { name: 'nothing', text: 'tls', message: 'ACME requires at least one domain' },
  {
    name: 'options of ACME without a domain',
    text: 'tls {\nemail a@example.org\n}',
    message: 'ACME requires at least one domain',
  },
  {
    name: 'ACME',
    text: 'tls {\nemail a@example.org\nacme example.org\n}',
    message: 'acme is not supported by shardns yet: name the files of a certificate',
  },
  {
    name: 'what ACME does not have',
    text: 'tls {\nclient_auth require\n}',
    message: 'unknown ACME option "client_auth"',
  },
  { name: 'one file', text: 'tls c', message: `plugin/tls: ${count(2, 'c')}` },
  { name: 'four files', text: 'tls a b c d', message: `plugin/tls: ${count(2, 'd')}` },
  { name: 'client_auth alone', text: block('client_auth'), message: count(3, 'client_auth') },
  { name: 'two modes', text: block('client_auth request require'), message: count(3, 'require') },
  {
    name: 'an unknown mode',
    text: block('client_auth maybe'),
    message: at(3, "unknown authentication type 'maybe'"),
  },
  { name: 'keylog alone', text: block('keylog'), message: count(3, 'keylog') },
  { name: 'an unknown option', text: block('nope x'), message: at(3, "unknown option 'nope'") },
  {
    name: 'ACME beside files',
    text: block('acme example.org'),
    message: at(3, "unknown option 'acme'"),
  },
]
for (const { name, text, message } of errors)
  test(`parse refuses: ${name}`, () => assert.equal(parseError(tls, text), message))

const folderOf = (t: TestContext): string => {
  const folder = mkdtempSync(join(tmpdir(), 'tls-'))
  t.after(() => rmSync(folder, { recursive: true }))
  return folder
}

test('control: sets the certificate, and warns of a keylog', LIMIT, async t => {
  const root = folderOf(t)
  const { cert, key } = certificates.named
  writeFileSync(join(root, 'c'), cert.replaceAll('\n', '\r\n'))
  writeFileSync(join(root, 'k'), key)
  const { control } = await chain(tls, block('client_auth request', 'keylog f'), {
    control: { settings: { root }, clock: realClock() },
  })
  t.after(() => control.retired())
  const { tls: set } = control.settings
  assert.equal(set?.material?.key, key)
  assert.deepEqual([set?.names, set?.clientAuth, set?.version], [['api.example.net'], 'request', 1])
  assert.equal(set?.keylog, join(root, 'f'))
  assert.equal(set?.ticketKeys.length, 48)
  assert.equal(statSync(join(root, 'f')).mode & 0o777, 0o600)
  assert.ok(control.logged.includes('[WARNING] Writing TLS Key Log to "f"'))
  const [gauge] = gaugeValues(control, 'shardns_tls_certificate_expiry_seconds')
  assert.deepEqual(gauge?.labels, { names: 'api.example.net' })
})

/** Stands still a minute after the certificates were made. */
const realClock = (): ReturnType<typeof fakeClock> => {
  const clock = fakeClock()
  const { validFrom } = new X509Certificate(certificates.server.cert)
  const shiftMs = Date.parse(validFrom) - clock.wallMs() + 60_000
  return { ...clock, wallMs: () => clock.wallMs() + shiftMs }
}

const bad: { name: string; cert?: string; key?: string; message: RegExp }[] = [
  {
    name: 'a certificate that is not there',
    message: /^could not load TLS cert: open .*c: no such file or directory$/,
  },
  {
    name: 'a key that is not there',
    cert: made?.server.cert ?? '',
    message: /^could not load TLS cert: open .*k: no such file or directory$/,
  },
  {
    name: 'the key of another',
    cert: made?.server.cert ?? '',
    key: made?.client.key ?? '',
    message: /^could not load TLS cert: tls: private key does not match public key$/,
  },
  {
    name: 'half a key',
    cert: made?.server.cert ?? '',
    key: made?.server.key.slice(0, 100) ?? '',
    message: /^could not load TLS cert: tls: failed to parse certificate or private key$/,
  },
  {
    name: 'an empty certificate',
    cert: '',
    key: made?.server.key ?? '',
    message: /^could not load TLS cert: tls: failed to find any PEM data in certificate input$/,
  },
  {
    name: 'an encrypted key',
    cert: made?.server.cert ?? '',
    key: '-----BEGIN ENCRYPTED PRIVATE KEY-----\nMIIC\n-----END ENCRYPTED PRIVATE KEY-----\n',
    message: /^could not load TLS cert: tls: failed to parse private key: it is encrypted, and/,
  },
]
for (const { name, cert, key, message } of bad)
  test(`control refuses ${name}`, LIMIT, async t => {
    const root = folderOf(t)
    if (cert !== undefined) writeFileSync(join(root, 'c'), cert)
    if (key !== undefined) writeFileSync(join(root, 'k'), key)
    await assert.rejects(chain(tls, 'tls c k', { control: { settings: { root } } }), { message })
  })

interface Watched {
  readonly root: string
  readonly source: CertificateSource
  readonly clock: ReturnType<typeof fakeClock>
  readonly logged: string[]
  look(): Promise<void>
  write(pair: { readonly cert?: string; readonly key?: string }): void
  /** What happens while a look waits for files to settle. */
  meanwhile: (() => void) | undefined
}

const watch = (t: TestContext, pair = certificates.server): Watched => {
  const root = folderOf(t)
  const clock = realClock()
  const logged: string[] = []
  const log = fakeLogger(logged)
  const write: Watched['write'] = ({ cert, key }) => {
    if (cert !== undefined) writeFileSync(join(root, 'c'), cert)
    if (key !== undefined) writeFileSync(join(root, 'k'), key)
  }
  write(pair)
  const source = new CertificateSource({
    identity: 'one',
    options: { files: ['c', 'k'], clientAuth: 'nocert', keylog: '' },
    root,
    clock,
    pause: async () => {
      watched.meanwhile?.()
      watched.meanwhile = undefined
    },
  })
  const watched: Watched = {
    root,
    source,
    clock,
    logged,
    look: () => source.look(log),
    write,
    meanwhile: undefined,
  }
  source.load(log)
  return watched
}

test('source: files that have not changed are what is served', LIMIT, async t => {
  const { source, look, write } = watch(t)
  const { serving } = source
  await look()
  assert.equal(source.serving, serving)
  // Touched, or written anew with what was in them.
  write(certificates.server)
  await look()
  assert.equal(source.serving, serving)
  assert.equal(source.takeNews(), false)
})

test('source: a new pair has a new version, and new keys for tickets', LIMIT, async t => {
  const { source, look, write } = watch(t)
  const before = source.serving
  write(certificates.named)
  await look()
  const { serving } = source
  assert.deepEqual([serving.version, serving.names], [2, ['api.example.net']])
  assert.equal(serving.material?.cert, certificates.named.cert)
  assert.notDeepEqual(serving.ticketKeys, before.ticketKeys)
  assert.deepEqual([source.takeNews(), source.takeNews()], [true, false])
})

test('source: a certificate whose key comes later is taken with its key', LIMIT, async t => {
  const { source, look, write, logged } = watch(t)
  const before = source.serving
  const { cert, key } = certificates.named
  write({ cert })
  await look()
  assert.equal(source.serving, before)
  write({ key })
  await look()
  assert.equal(source.serving.version, 2)
  assert.deepEqual(logged, [])
})

test('source: what is replaced while it is read is read again', LIMIT, async t => {
  const watched = watch(t)
  const { source, look, write } = watched
  write(certificates.client)
  watched.meanwhile = () => write(certificates.named)
  await look()
  assert.equal(source.serving.material?.cert, certificates.named.cert)
  assert.equal(source.serving.version, 2)
})

test('source: the links of a ConfigMap are followed', LIMIT, async t => {
  const { root, source, look, write } = watch(t)
  const place = (name: string, cert: string, key: string): void => {
    mkdirSync(join(root, name))
    writeFileSync(join(root, name, 'c'), cert)
    writeFileSync(join(root, name, 'k'), key)
  }
  write({})
  place('1', certificates.server.cert, certificates.server.key)
  symlinkSync('1', join(root, '..data'))
  for (const file of ['c', 'k']) {
    unlinkSync(join(root, file))
    symlinkSync(join('..data', file), join(root, file))
  }
  await look()
  assert.equal(source.serving.version, 1)
  place('2', certificates.named.cert, certificates.named.key)
  symlinkSync('2', join(root, '..data_tmp'))
  renameSync(join(root, '..data_tmp'), join(root, '..data'))
  await look()
  assert.equal(source.serving.material?.cert, certificates.named.cert)
})

test('source: what cannot be used is told of once, and the one before goes on', LIMIT, async t => {
  const { source, look, write, logged } = watch(t)
  const before = source.serving
  write({ key: certificates.client.key })
  for (let looks = 0; looks < 4; looks++) await look()
  const text = 'could not load TLS cert: tls: private key does not match public key'
  assert.deepEqual(logged, [`[WARNING] c k: ${text}; the certificate of before goes on`])
  write({ key: 'nothing' })
  for (let looks = 0; looks < 4; looks++) await look()
  assert.equal(logged.length, 2)
  assert.equal(source.serving, before)
  write(certificates.named)
  await look()
  assert.equal(source.serving.version, 2)
})

test('source: an expired certificate does not replace one that is valid', LIMIT, async t => {
  const { source, look, write, logged } = watch(t)
  const before = source.serving
  write(certificates.expired)
  for (let looks = 0; looks < 3; looks++) await look()
  assert.equal(source.serving, before)
  assert.match(
    logged.join('\n'),
    /^\[WARNING\] c k: the new certificate has expired on \S+Z; the cert/,
  )
})

test('source: one that has expired is served, with a warning', LIMIT, async t => {
  const { source, look, logged } = watch(t, certificates.expired)
  await look()
  assert.equal(source.serving.version, 1)
  assert.match(
    logged.join('\n'),
    /^\[WARNING\] the certificate of (?:expired|c) has expired on \S+Z$/,
  )
})

test('source: keys for tickets do not grow old', LIMIT, async t => {
  const { source, look, clock } = watch(t)
  const before = source.serving
  clock.advance(12 * 3600 * 1000)
  await look()
  assert.deepEqual([source.serving.version, source.takeNews()], [2, false])
  assert.notDeepEqual(source.serving.ticketKeys, before.ticketKeys)
})

test(
  'source: the end of a certificate is told of once, and once more when it has come',
  LIMIT,
  async t => {
    const { look, clock, logged } = watch(t)
    for (const hours of [1, 1, 42, 1, 10, 1]) {
      clock.advance(hours * 3600 * 1000)
      await look()
    }
    assert.match(
      logged.join('\n'),
      /^\[WARNING\] the certificate of c ends on \S+Z\n(?:.* ends on \S+Z\n)?.* has expired on \S+Z$/,
    )
  },
)
