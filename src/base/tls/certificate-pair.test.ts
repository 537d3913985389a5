import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { createPrivateKey, X509Certificate } from 'node:crypto'
import { test } from 'node:test'
import { makeCertificates } from '../../../test/fakes/certificates.ts'
import { checkAuthorities, checkPair, dateOf, invalidity } from './certificate-pair.ts'

const made = makeCertificates()
const skip = made === undefined ? 'there is no openssl program' : false
const { server, named, authority, expired } = made ?? {}

const check = (cert = '', key = '') =>
  checkPair({ name: 'cert.pem', text: cert }, { name: 'key.pem', text: key })

const encrypted = (key = ''): string =>
  createPrivateKey(key)
    .export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'x' })
    .toString()

const traditional = (key = ''): string =>
  spawnSync('openssl', ['ec', '-aes128', '-passout', 'pass:x'], { input: key }).stdout.toString()

const half = (text = ''): string => text.slice(0, text.length / 2)

const refused: [name: string, cert: () => string, key: () => string, message: string][] = [
  [
    'an empty certificate file',
    () => '',
    () => server!.key,
    'cert.pem has no certificate in PEM form',
  ],
  ['DER', () => '0\x82\x01\n', () => server!.key, 'cert.pem has no certificate in PEM form'],
  [
    'half a certificate',
    () => half(server!.cert),
    () => server!.key,
    'the certificate of cert.pem cannot be parsed',
  ],
  [
    'half a chain',
    () => server!.cert + half(authority!.cert),
    () => server!.key,
    'certificate 2 of cert.pem cannot be parsed',
  ],
  ['an empty key file', () => server!.cert, () => '', 'key.pem has no private key in PEM form'],
  [
    'a certificate in place of the key',
    () => server!.cert,
    () => server!.cert,
    'key.pem has no private key in PEM form',
  ],
  [
    'half a key',
    () => server!.cert,
    () => half(server!.key),
    'the private key of key.pem cannot be parsed',
  ],
  [
    'an encrypted key',
    () => server!.cert,
    () => encrypted(server!.key),
    'the private key of key.pem is encrypted: it must be there without a passphrase',
  ],
  [
    'an encrypted key of the old form',
    () => server!.cert,
    () => traditional(server!.key),
    'the private key of key.pem is encrypted: it must be there without a passphrase',
  ],
  [
    'the key of another certificate',
    () => server!.cert,
    () => named!.key,
    'the private key of key.pem does not fit the certificate of cert.pem',
  ],
]
for (const [name, cert, key, message] of refused)
  test(`refused: ${name}`, { skip }, () => assert.throws(() => check(cert(), key()), { message }))

const accepted: [name: string, cert: () => string, key: () => string][] = [
  ['a pair', () => server!.cert, () => server!.key],
  ['lines that end with CR LF', () => crlf(server!.cert), () => crlf(server!.key)],
  ['text around', () => `Bag Attributes\n${server!.cert}\nend`, () => `# key\n${server!.key}`],
  ['a chain', () => server!.cert + authority!.cert, () => server!.key],
  ['a chain in the wrong order', () => authority!.cert + server!.cert, () => server!.key],
  ['two keys, of which the first counts', () => server!.cert, () => server!.key + named!.key],
  ['both in one file', () => server!.key + server!.cert, () => server!.cert + server!.key],
  ['one that has expired', () => expired!.cert, () => expired!.key],
]
const crlf = (text: string): string => text.replaceAll('\n', '\r\n')
for (const [name, cert, key] of accepted)
  test(`accepted: ${name}`, { skip }, () => {
    const pair = check(cert(), key())
    const own = new X509Certificate(pair.cert)
    assert.equal(own.checkPrivateKey(createPrivateKey(pair.key)), true)
    assert.equal(pair.shownNames, '127.0.0.1')
    assert.equal(pair.validToMs, own.validToDate.getTime())
  })

test('a chain is kept whole, the own certificate first', { skip }, () => {
  const { cert } = check(authority!.cert + server!.cert, server!.key)
  const names = cert
    .match(/-----BEGIN[^-]+-----[^-]+-----END[^-]+-----\n/g)
    ?.map(pem => new X509Certificate(pem).subject)
  assert.deepEqual(names, ['CN=server', 'CN=ca'])
})

test('a certificate without names is shown by its subject', { skip }, () =>
  assert.equal(check(authority!.cert, authority!.key).shownNames, 'CN=ca'),
)

test('validity is told by date', { skip }, () => {
  const pair = check(server!.cert, server!.key)
  const { validFromMs, validToMs } = pair
  assert.deepEqual(
    [validFromMs - 1, validFromMs, validToMs, validToMs + 1].map(ms => invalidity(pair, ms)),
    [
      `is not valid before ${dateOf(validFromMs)}`,
      undefined,
      undefined,
      `has expired ${dateOf(validToMs)}`,
    ],
  )
  assert.equal(dateOf(Date.UTC(2027, 2, 1, 12)), '2027-03-01T12:00:00Z')
})

test('authorities: those that can be parsed count, none is an error', { skip }, () => {
  const broken = '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n'
  const of = (text: string): string => checkAuthorities({ name: 'ca.pem', text })
  assert.equal(of(`${broken}${authority!.cert}`), authority!.cert)
  assert.throws(() => of(broken), { message: 'no certificate of ca.pem can be parsed' })
  assert.throws(() => of('x'), { message: 'ca.pem has no certificate in PEM form' })
})
