import assert from 'node:assert/strict'
import { test } from 'node:test'
import { makeCertificates } from '../../../test/fakes/certificates.ts'
import { NoWebConfig, readWebConfig, type WebConfig } from './web-config.ts'

const made = makeCertificates()
const skip = made === undefined ? 'there is no openssl program' : false
const { server, named, authority } = made ?? {}

const FILE = '/etc/prometheus/web.yml'
const FILES: Readonly<Record<string, string>> = {
  '/etc/prometheus/cert.pem': server?.cert ?? '',
  '/etc/prometheus/key.pem': server?.key ?? '',
  '/etc/prometheus/other-key.pem': named?.key ?? '',
  '/etc/prometheus/half.pem': server?.key.slice(0, 120) ?? '',
  '/etc/prometheus/empty.pem': '',
  '/srv/ca.pem': authority?.cert ?? '',
}

const read = (text: string): WebConfig =>
  readWebConfig(FILE, path => {
    const found = path === FILE ? text : FILES[path]
    if (found !== undefined) return found
    const cause = Object.assign(new Error('x'), { code: 'ENOENT' })
    throw new Error(`open ${path}: no such file or directory`, { cause })
  })

/** With lines of `tls_server_config` behind a pair, from the fourth line on. */
const PAIR = 'tls_server_config:\n  cert_file: cert.pem\n  key_file: key.pem\n'
const withPair = (...lines: string[]): string => PAIR + lines.map(line => `  ${line}\n`).join('')

const BASE = {
  clientAuth: 'nocert',
  minVersion: 'TLSv1.2',
  maxVersion: 'TLSv1.3',
  prefersOwnCiphers: true,
  headers: {},
}
const SUITES_13 = 'TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256'

const accepted: [text: string, settings: object, warnings?: string[]][] = [
  [PAIR, {}],
  [withPair('client_auth_type: NoClientCert', 'client_ca_file:'), {}],
  [withPair('client_auth_type: RequestClientCert'), { clientAuth: 'request' }],
  [withPair('client_auth_type: RequireAnyClientCert'), { clientAuth: 'require' }],
  [withPair('client_auth_type: RequireClientCert'), { clientAuth: 'require' }],
  [withPair('client_auth_type: VerifyClientCertIfGiven'), { clientAuth: 'verify_if_given' }],
  [
    withPair('client_auth_type: RequireAndVerifyClientCert', 'client_ca_file: /srv/ca.pem'),
    { clientAuth: 'require_and_verify', ca: authority?.cert },
  ],
  [withPair('min_version: TLS13'), { minVersion: 'TLSv1.3' }],
  [withPair('max_version: TLS12'), { maxVersion: 'TLSv1.2' }],
  [
    withPair('min_version: TLS10'),
    {},
    [`${FILE}:4: min_version TLS10 has no effect: TLS 1.2 is the oldest served`],
  ],
  [
    withPair('cipher_suites: [TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256, TLS_AES_128_GCM_SHA256]'),
    { ciphers: `${SUITES_13}:ECDHE-RSA-AES128-GCM-SHA256` },
  ],
  [withPair('cipher_suites: [TLS_AES_128_GCM_SHA256]'), { ciphers: SUITES_13 }],
  [withPair('cipher_suites: []', 'curve_preferences: []'), {}],
  [withPair('curve_preferences: [X25519, CurveP256]'), { curves: 'X25519:P-256' }],
  [withPair('prefer_server_cipher_suites: false'), { prefersOwnCiphers: false }],
  [withPair('client_allowed_sans: []'), {}],
  [`${PAIR}basic_auth_users:\nrate_limit: {}\n`, {}],
  [`${PAIR}http_server_config:\n  http2: no\n`, {}],
  [
    `${PAIR}http_server_config:\n  http2: true\n`,
    {},
    [`${FILE}:5: http2 has no effect: the endpoint is served over HTTP/1.1`],
  ],
  [
    `${PAIR}http_server_config:\n  headers:\n    X-Frame-Options: deny\n    Strict-Transport-Security: max-age=60\n    X-XSS-Protection:\n`,
    { headers: { 'x-frame-options': 'deny', 'strict-transport-security': 'max-age=60' } },
  ],
  [
    'tls_server_config: { cert_file: /etc/prometheus/cert.pem, key_file: ./key.pem, cert: unused }',
    {},
  ],
]
for (const [text, expected, warnings = []] of accepted)
  test(`accepted: ${JSON.stringify(text.replace(PAIR, ''))}`, { skip }, () => {
    const { settings, warnings: said, pair } = read(text)
    const { cert, key, ...rest } = settings
    assert.deepEqual(rest, { ...BASE, ...expected })
    assert.deepEqual([cert, key.trim()], [server?.cert, server?.key.trim()])
    assert.deepEqual([cert, key], [pair.cert, pair.key])
    assert.deepEqual(said, warnings)
  })

test('certificate, key and authority can stand in the file itself', { skip }, () => {
  const block = (text = ''): string => `|\n    ${text.trim().replaceAll('\n', '\n    ')}\n`
  const text = `tls_server_config:\n  cert: ${block(server?.cert)}  key: ${block(server?.key)}  client_ca: ${block(authority?.cert)}  client_auth_type: RequestClientCert\n`
  const { settings } = read(text)
  assert.deepEqual([settings.cert, settings.ca], [server?.cert, authority?.cert])
})

const UNSUPPORTED = 'is not supported by shardns: put a proxy in front of the endpoint'

const refused: [text: string, message: string | RegExp][] = [
  ['a: [', /^\/etc\/prometheus\/web\.yml: line 1 is no YAML: /],
  ['- a', `${FILE}: the file holds no mapping`],
  ['', `${FILE} has no tls_server_config: leave out tls to serve in clear text`],
  ['# nothing\n', `${FILE} has no tls_server_config: leave out tls to serve in clear text`],
  [
    'http_server_config:\n  http2: true',
    `${FILE} has no tls_server_config: leave out tls to serve in clear text`,
  ],
  ['tls_server_config: yes', `${FILE}:1: tls_server_config must be a mapping`],
  ['tls_config:\n  cert_file: x', `${FILE}:1: tls_config is no field of a web configuration`],
  [
    `basic_auth_users:\n  admin: $2y$10$X0h1gDsPszWURQaxFh\n${PAIR}`,
    `${FILE}:1: basic_auth_users ${UNSUPPORTED}`,
  ],
  [`${PAIR}rate_limit:\n  interval: 1s\n`, `${FILE}:4: rate_limit ${UNSUPPORTED}`],
  [
    withPair('client_allowed_sans: [a.example.org]'),
    `${FILE}:4: client_allowed_sans ${UNSUPPORTED}`,
  ],
  [withPair('cert_fil: x'), `${FILE}:4: cert_fil is no field of a web configuration`],
  [withPair('cert_file: cert.pem'), /^\S+: line 4 is no YAML: Map keys must be unique$/],
  ['tls_server_config: {}', `${FILE}:1: tls_server_config has neither cert nor cert_file`],
  [
    'tls_server_config:\n  cert_file: cert.pem',
    `${FILE}:1: tls_server_config has neither key nor key_file`,
  ],
  [
    'tls_server_config:\n  cert_file: absent.pem\n  key_file: key.pem',
    `${FILE}:2: cert_file cannot be read: open /etc/prometheus/absent.pem: no such file or directory`,
  ],
  [
    'tls_server_config:\n  cert_file: cert.pem\n  key_file: other-key.pem',
    `${FILE}: the private key of /etc/prometheus/other-key.pem does not fit the certificate of /etc/prometheus/cert.pem`,
  ],
  [
    'tls_server_config:\n  cert_file: cert.pem\n  key_file: half.pem',
    `${FILE}: the private key of /etc/prometheus/half.pem cannot be parsed`,
  ],
  [
    'tls_server_config:\n  cert_file: empty.pem\n  key_file: key.pem',
    `${FILE}: /etc/prometheus/empty.pem has no certificate in PEM form`,
  ],
  ['tls_server_config:\n  cert: x\n  key: x', `${FILE}: cert has no certificate in PEM form`],
  ['tls_server_config:\n  cert_file: [a]\n  key: x', `${FILE}:2: cert_file must be a text`],
  [
    withPair('client_auth_type: requireandverify'),
    `${FILE}:4: client_auth_type 'requireandverify' is none of NoClientCert, RequestClientCert, RequireAnyClientCert, RequireClientCert, VerifyClientCertIfGiven, RequireAndVerifyClientCert`,
  ],
  [
    withPair('client_ca_file: /srv/ca.pem'),
    `${FILE}:1: tls_server_config has client CAs, but no client_auth_type`,
  ],
  [
    withPair('client_auth_type: NoClientCert', 'client_ca_file: /srv/ca.pem'),
    `${FILE}:1: tls_server_config has client CAs, but no client_auth_type`,
  ],
  [
    withPair('client_auth_type: RequestClientCert', 'client_ca_file: empty.pem'),
    `${FILE}: /etc/prometheus/empty.pem has no certificate in PEM form`,
  ],
  [
    withPair('client_auth_type: RequestClientCert', 'client_ca_file: absent.pem'),
    `${FILE}:5: client_ca_file cannot be read: open /etc/prometheus/absent.pem: no such file or directory`,
  ],
  [
    withPair('min_version: TLS14'),
    `${FILE}:4: min_version 'TLS14' is none of TLS10, TLS11, TLS12, TLS13`,
  ],
  [
    withPair('max_version: TLS11'),
    `${FILE}:4: max_version TLS11 is not served: TLS 1.2 is the oldest`,
  ],
  [
    withPair('min_version: TLS13', 'max_version: TLS12'),
    `${FILE}:5: max_version is below min_version`,
  ],
  [withPair('cipher_suites: x'), `${FILE}:4: cipher_suites must be a list of texts`],
  [withPair('cipher_suites: [RC4]'), /^\S+:4: cipher_suites 'RC4' is none of TLS_AES_/],
  [withPair('curve_preferences: [toString]'), /^\S+:4: curve_preferences 'toString' is none of /],
  [
    withPair('prefer_server_cipher_suites: 7'),
    `${FILE}:4: prefer_server_cipher_suites must be true or false`,
  ],
  [
    `${PAIR}http_server_config:\n  headers:\n    Server: x\n`,
    `${FILE}:6: Server is no field of a web configuration`,
  ],
  [
    `${PAIR}http_server_config:\n  headers:\n    X-Frame-Options: no\n`,
    `${FILE}:6: X-Frame-Options takes deny or sameorigin, not 'no'`,
  ],
  [
    `${PAIR}http_server_config:\n  headers:\n    Content-Security-Policy: "a\\nb"\n`,
    `${FILE}:6: Content-Security-Policy has a value that no header can have`,
  ],
]
for (const [text, message] of refused)
  test(`refused: ${JSON.stringify(text.replace(PAIR, ''))}`, { skip }, () =>
    assert.throws(() => read(text), { message }),
  )

test('a file that is not there is told from one that cannot be read', () => {
  const failing = (code: string) => () => {
    throw new Error(`open ${FILE}: x`, { cause: Object.assign(new Error('x'), { code }) })
  }
  assert.throws(
    () => readWebConfig(FILE, failing('ENOENT')),
    error =>
      error instanceof NoWebConfig && error.message === `TLS config file does not exist: ${FILE}`,
  )
  assert.throws(() => readWebConfig(FILE, failing('EACCES')), { message: `open ${FILE}: x` })
})

test('no message has anything of a key in it', { skip }, () => {
  const body = (server?.key ?? '').split('\n')[1] ?? ''
  for (const key of [`|\n    ${server?.key.slice(0, 100).replaceAll('\n', '\n    ')}`, `[${body}]`])
    assert.throws(
      () => read(`tls_server_config:\n  cert_file: cert.pem\n  key: ${key}\n`),
      error => error instanceof Error && !error.message.includes(body.slice(0, 10)),
    )
})
