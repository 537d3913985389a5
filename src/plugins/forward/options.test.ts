import assert from 'node:assert/strict'
import test from 'node:test'
import { directive, options, parseError } from '../../../test/support/plugin-harness.ts'
import { readOptions } from '../../chain/plugin/plugin.ts'
import { forward } from './index.ts'
import type { ForwardOptions } from './options.ts'

const inBlock = (...lines: string[]): string => `forward . 192.0.2.1 {\n${lines.join('\n')}\n}`
const optionsOf = (text: string): ForwardOptions => {
  const [first, ...others] = options(forward, text)
  assert.ok(first !== undefined && others.length === 0)
  return first
}

test('the defaults are those of CoreDNS', () => {
  assert.deepEqual(optionsOf('forward . 192.0.2.1'), {
    from: '.',
    except: [],
    to: [{ kind: 'address', protocol: 'dns', address: '192.0.2.1', port: 53, serverName: '' }],
    forceTcp: false,
    preferUdp: false,
    expireMs: 10_000,
    maxAgeMs: 0,
    maxIdleConns: 0,
    readTimeoutMs: 2000,
    maxFails: 2,
    maxConnectAttempts: undefined,
    dohMethod: 'POST',
    tlsFiles: [],
    tlsServerName: '',
    policy: 'random',
    healthCheckMs: 500,
    healthCheckRecursion: true,
    healthCheckName: '.',
    maxConcurrent: 0,
    nextRcodes: [],
    nextOnNodata: false,
    failfast: false,
    failoverRcodes: [],
    sourceAddress: '',
    resolvers: [],
  })
})

const read: { readonly lines: string[]; readonly gives: Partial<ForwardOptions> }[] = [
  {
    lines: ['except example.org EXAMPLE.com', 'except 10.0.0.0/15'],
    gives: { except: ['example.org.', 'example.com.', '0.10.in-addr.arpa.', '1.10.in-addr.arpa.'] },
  },
  { lines: ['force_tcp'], gives: { forceTcp: true } },
  { lines: ['prefer_udp'], gives: { preferUdp: true } },
  { lines: ['force_tcp', 'prefer_udp'], gives: { forceTcp: true, preferUdp: true } },
  { lines: ['expire 1m30s'], gives: { expireMs: 90_000 } },
  { lines: ['expire 0s'], gives: { expireMs: 0 } },
  { lines: ['max_age 10s'], gives: { maxAgeMs: 10_000 } },
  { lines: ['max_age 5s', 'expire 5s'], gives: { maxAgeMs: 5000, expireMs: 5000 } },
  { lines: ['max_idle_conns 7'], gives: { maxIdleConns: 7 } },
  { lines: ['read_timeout 500ms'], gives: { readTimeoutMs: 500 } },
  { lines: ['max_fails 0'], gives: { maxFails: 0 } },
  { lines: ['max_fails 4294967295'], gives: { maxFails: 4294967295 } },
  { lines: ['max_connect_attempts 0'], gives: { maxConnectAttempts: 0 } },
  { lines: ['doh_method GET'], gives: { dohMethod: 'GET' } },
  { lines: ['doh_method POST'], gives: { dohMethod: 'POST' } },
  { lines: ['tls'], gives: { tlsFiles: [] } },
  {
    lines: ['tls cert.pem key.pem ca.pem'],
    gives: { tlsFiles: ['cert.pem', 'key.pem', 'ca.pem'] },
  },
  { lines: ['tls_servername dns.example.net'], gives: { tlsServerName: 'dns.example.net' } },
  { lines: ['policy random'], gives: { policy: 'random' } },
  { lines: ['policy round_robin'], gives: { policy: 'round_robin' } },
  { lines: ['policy sequential'], gives: { policy: 'sequential' } },
  { lines: ['health_check 2s'], gives: { healthCheckMs: 2000, healthCheckRecursion: true } },
  { lines: ['health_check 0'], gives: { healthCheckMs: 0 } },
  {
    lines: ['health_check 1s no_rec domain Example.ORG'],
    gives: { healthCheckMs: 1000, healthCheckRecursion: false, healthCheckName: 'example.org.' },
  },
  { lines: ['max_concurrent 1000'], gives: { maxConcurrent: 1000 } },
  { lines: ['next NXDOMAIN refused', 'next servfail'], gives: { nextRcodes: [3, 5, 2] } },
  { lines: ['next_on_nodata'], gives: { nextOnNodata: true } },
  { lines: ['failfast_all_unhealthy_upstreams'], gives: { failfast: true } },
  { lines: ['failover SERVFAIL ServFail NOTIMP'], gives: { failoverRcodes: [2, 2, 4] } },
  { lines: ['source_address 2001:db8::5'], gives: { sourceAddress: '2001:db8::5' } },
  {
    lines: ['resolver 192.0.2.5 192.0.2.6:5353 [2001:db8::5]:53 2001:db8::6'],
    gives: {
      resolvers: ['192.0.2.5:53', '192.0.2.6:5353', '[2001:db8::5]:53', '[2001:db8::6]:53'],
    },
  },
]
for (const { lines, gives } of read) {
  test(`reads: ${lines.join(' ; ')}`, () => {
    const read = optionsOf(inBlock(...lines))
    assert.deepEqual(read, { ...read, ...gives })
  })
}

test('a name behind an address over HTTPS is ignored, with a warning', () => {
  const written = directive('forward . https://192.0.2.1%a.example.net https://192.0.2.2', '.', [
    'forward',
  ])
  readOptions(forward, written)
  assert.deepEqual(
    written.warnings.map(({ code, message }) => [code, message]),
    [
      [
        'forward-https-name',
        "what follows % in 'https://192.0.2.1%a.example.net' is ignored: tls_servername says the name over HTTPS",
      ],
    ],
  )
})

test('FROM is normalised; of a CIDR that expands the first zone is used', () => {
  assert.equal(optionsOf('forward EXAMPLE.org 192.0.2.1').from, 'example.org.')
  assert.equal(optionsOf('forward 10.0.0.0/15 192.0.2.1').from, '0.10.in-addr.arpa.')
})

test('each occurrence in a block is an instance of its own, in file order', () => {
  const both = options(forward, 'forward . 192.0.2.1\nforward example.org 192.0.2.2')
  assert.deepEqual(
    both.map(({ from }) => from),
    ['.', 'example.org.'],
  )
})

const argument = (token: string): RegExp =>
  new RegExp(
    `^Corefile:\\d+ - Error during parsing: Wrong argument count or unexpected line ending after '${token}'$`,
  )

const refused: { readonly text: string; readonly error: RegExp | string }[] = [
  { text: 'forward', error: argument('forward') },
  { text: 'forward .', error: argument('\\.') },
  { text: 'forward a..org 192.0.2.1', error: "unable to normalize 'a..org'" },
  {
    text: `forward . ${Array(16).fill('192.0.2.1').join(' ')}`,
    error: 'more than 15 TOs configured: 16',
  },
  {
    text: 'forward . quic://192.0.2.1',
    error: "'quic' is not supported as a destination protocol in forward: quic://192.0.2.1:853",
  },
  {
    text: inBlock('bogus'),
    error: /^Corefile:\d+ - Error during parsing: unknown property 'bogus'$/,
  },
  { text: inBlock('except'), error: argument('except') },
  { text: inBlock('force_tcp on'), error: argument('on') },
  { text: inBlock('prefer_udp on'), error: argument('on') },
  { text: inBlock('next_on_nodata on'), error: argument('on') },
  { text: inBlock('failfast_all_unhealthy_upstreams on'), error: argument('on') },
  { text: inBlock('expire'), error: argument('expire') },
  { text: inBlock('expire -1s'), error: "expire can't be negative: -1s" },
  { text: inBlock('expire 10'), error: /^time: .* duration "10"$/ },
  { text: inBlock('max_age -1s'), error: "max_age can't be negative: -1s" },
  { text: inBlock('max_age 5s'), error: 'max_age (5s) must not be less than expire (10s)' },
  { text: inBlock('max_idle_conns -1'), error: "max_idle_conns can't be negative: -1" },
  { text: inBlock('max_idle_conns x'), error: 'strconv.Atoi: parsing "x": invalid syntax' },
  { text: inBlock('read_timeout 0s'), error: 'read_timeout must be positive: 0s' },
  { text: inBlock('read_timeout -2s'), error: 'read_timeout must be positive: -2s' },
  { text: inBlock('max_fails -1'), error: 'strconv.ParseUint: parsing "-1": invalid syntax' },
  {
    text: inBlock('max_fails 4294967296'),
    error: 'strconv.ParseUint: parsing "4294967296": value out of range',
  },
  { text: inBlock('max_connect_attempts'), error: argument('max_connect_attempts') },
  { text: inBlock('doh_method PUT'), error: 'doh_method must be either POST or GET' },
  { text: inBlock('doh_method get'), error: 'doh_method must be either POST or GET' },
  { text: inBlock('doh_method'), error: argument('doh_method') },
  {
    text: 'forward . 192.0.2.1 https://192.0.2.2/dns-query',
    error:
      'paths are not allowed in HTTPS upstream addresses (the /dns-query path is used by default): https://192.0.2.2/dns-query',
  },
  { text: inBlock('tls a b c d'), error: argument('d') },
  { text: inBlock('tls_servername'), error: argument('tls_servername') },
  { text: inBlock('policy'), error: argument('policy') },
  { text: inBlock('policy x'), error: /^Corefile:\d+ - Error during parsing: unknown policy 'x'$/ },
  { text: inBlock('health_check'), error: argument('health_check') },
  { text: inBlock('health_check -1s'), error: "health_check can't be negative: -1000000000" },
  { text: inBlock('health_check 1s rec'), error: 'health_check: unknown option rec' },
  { text: inBlock('health_check 1s domain'), error: argument('domain') },
  {
    text: inBlock('health_check 1s domain a..org'),
    error: 'health_check: invalid domain name a..org',
  },
  { text: inBlock('max_concurrent -1'), error: "max_concurrent can't be negative: -1" },
  { text: inBlock('max_concurrent many'), error: 'strconv.Atoi: parsing "many": invalid syntax' },
  { text: inBlock('next'), error: argument('next') },
  { text: inBlock('next OK'), error: 'OK is not a valid rcode' },
  { text: inBlock('failover'), error: argument('failover') },
  { text: inBlock('failover OK'), error: 'OK is not a valid rcode' },
  { text: inBlock('failover SERVFAIL NoError'), error: 'NoError cannot be used in failover' },
  { text: inBlock('source_address example.org'), error: 'invalid IP address: example.org' },
  { text: inBlock('resolver'), error: argument('resolver') },
  {
    text: inBlock('resolver dns.example.net'),
    error: 'resolver must be an IP address or IP:port: "dns.example.net"',
  },
  {
    text: inBlock('resolver 192.0.2.1:0'),
    error: 'resolver must be an IP address or IP:port: "192.0.2.1:0"',
  },
  {
    text: 'forward . tls://192.0.2.1%a.example.net {\ntls_servername b.example.net\n}',
    error:
      "both forward ('b.example.net') and proxy level ('a.example.net') TLS servernames are set for upstream proxy '192.0.2.1:853'",
  },
]
for (const { text, error } of refused) {
  test(`refuses: ${text.replaceAll('\n', ' ; ').slice(0, 80)}`, () => {
    const message = parseError(forward, text)
    if (typeof error === 'string') assert.equal(message, error)
    else assert.match(message, error)
  })
}
