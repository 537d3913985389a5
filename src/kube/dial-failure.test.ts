import assert from 'node:assert/strict'
import test from 'node:test'
import { dialFailure } from './dial-failure.ts'
import { KubeError } from './kube-error.ts'

const PLACE = {
  url: new URL('https://api.example.net:6443/path'),
  authorityName: 'the CA in /pod/ca.crt',
  credentialsName: 'the token in /pod/token',
}

const CASES: readonly { code: string; message?: string; kind: string; text: RegExp }[] = [
  {
    code: 'ECONNREFUSED',
    kind: 'unreached',
    text: /^https:\/\/api\.example\.net:6443 refuses the connection \(ECONNREFUSED\): is the API server up/,
  },
  {
    code: 'EHOSTUNREACH',
    kind: 'unreached',
    text: /cannot be reached \(EHOSTUNREACH\): is there a route to it/,
  },
  { code: 'ENETUNREACH', kind: 'unreached', text: /cannot be reached/ },
  {
    code: 'ETIMEDOUT',
    kind: 'timeout',
    text: /does not answer \(ETIMEDOUT\): is the address right/,
  },
  {
    code: 'ENOTFOUND',
    kind: 'unreached',
    text: /^the host name api\.example\.net of the API server is not found \(ENOTFOUND\)/,
  },
  { code: 'EAI_AGAIN', kind: 'unreached', text: /is not found \(EAI_AGAIN\)/ },
  { code: 'ECONNRESET', kind: 'network', text: /cut the connection \(ECONNRESET\)$/ },
  {
    code: 'HPE_INVALID_CONSTANT',
    kind: 'network',
    text: /what is no HTTP .*is https:\/\/ right\?$/,
  },
  {
    code: 'SELF_SIGNED_CERT_IN_CHAIN',
    kind: 'tls',
    text: /is not signed by the CA in \/pod\/ca\.crt \(SELF_SIGNED_CERT_IN_CHAIN\)/,
  },
  {
    code: 'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
    kind: 'tls',
    text: /is not signed by the CA in \/pod\/ca\.crt/,
  },
  { code: 'CERT_HAS_EXPIRED', kind: 'tls', text: /has expired .*clock right$/ },
  { code: 'CERT_NOT_YET_VALID', kind: 'tls', text: /is not valid yet .*clock right\?$/ },
  {
    code: 'ERR_TLS_CERT_ALTNAME_INVALID',
    message: 'names',
    kind: 'tls',
    text: /is for other names: .*\(names\)$/,
  },
  {
    code: 'ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED',
    kind: 'tls',
    text: /does not accept the token in \/pod\/token in the TLS handshake \(certificate required\)/,
  },
  { code: 'ERR_SSL_SSLV3_ALERT_BAD_CERTIFICATE', kind: 'tls', text: /\(bad certificate\)/ },
  {
    code: 'EPROTO',
    message: 'x:ssl/tls alert handshake failure:y',
    kind: 'tls',
    text: /\(handshake failure\)/,
  },
  {
    code: 'EPROTO',
    message: 'wrong version number',
    kind: 'tls',
    text: /no TLS connection comes about \(EPROTO\)/,
  },
  { code: 'ERR_SSL_WRONG_VERSION_NUMBER', kind: 'tls', text: /no TLS connection comes about/ },
  { code: 'ESOMETHING', message: '', kind: 'network', text: /cannot be asked: ESOMETHING$/ },
  { code: '', message: 'words only', kind: 'network', text: /cannot be asked: words only$/ },
]

for (const { code, message = 'a message', kind, text } of CASES)
  test(`${code || 'no code'} (${message}) names what to fix`, () => {
    const failure = dialFailure(Object.assign(new Error(message), { code }), PLACE)
    assert.match(failure.message, text)
    assert.equal(failure.kind, kind)
  })

test('what is thrown without being an error has a sentence as well, and a KubeError stays itself', () => {
  for (const thrown of [undefined, null, 'text', 7, {}])
    assert.match(dialFailure(thrown, PLACE).message, /cannot be asked/)
  const known = new KubeError('status', 'known')
  assert.equal(dialFailure(known, PLACE), known)
})
