import assert from 'node:assert/strict'
import test from 'node:test'
import { parseTo } from './to.ts'

const addresses = [
  { text: '192.0.2.1', protocol: 'dns', address: '192.0.2.1', port: 53, serverName: '' },
  { text: '192.0.2.1:5353', protocol: 'dns', address: '192.0.2.1', port: 5353, serverName: '' },
  { text: 'dns://192.0.2.1', protocol: 'dns', address: '192.0.2.1', port: 53, serverName: '' },
  { text: '2001:db8::1', protocol: 'dns', address: '2001:db8::1', port: 53, serverName: '' },
  { text: '[2001:db8::1]', protocol: 'dns', address: '2001:db8::1', port: 53, serverName: '' },
  {
    text: 'dns://[2001:db8::1]:1053',
    protocol: 'dns',
    address: '2001:db8::1',
    port: 1053,
    serverName: '',
  },
  { text: 'fe80::1%eth0', protocol: 'dns', address: 'fe80::1%eth0', port: 53, serverName: '' },
  {
    text: '[fe80::1%eth0]:1053',
    protocol: 'dns',
    address: 'fe80::1%eth0',
    port: 1053,
    serverName: '',
  },
  { text: 'tls://192.0.2.1', protocol: 'tls', address: '192.0.2.1', port: 853, serverName: '' },
  {
    text: 'tls://[2001:db8::1]:8853',
    protocol: 'tls',
    address: '2001:db8::1',
    port: 8853,
    serverName: '',
  },
  {
    text: 'tls://192.0.2.1%dns.example.net',
    protocol: 'tls',
    address: '192.0.2.1',
    port: 853,
    serverName: 'dns.example.net',
  },
  {
    text: 'tls://192.0.2.1%dns.example.net:8853',
    protocol: 'tls',
    address: '192.0.2.1',
    port: 8853,
    serverName: 'dns.example.net',
  },
  {
    text: 'tls://2001:db8::1%dns.example.net',
    protocol: 'tls',
    address: '2001:db8::1',
    port: 853,
    serverName: 'dns.example.net',
  },
  {
    text: 'tls://2001:db8::1%dns.example.net:8853',
    protocol: 'tls',
    address: '2001:db8::1',
    port: 8853,
    serverName: 'dns.example.net',
  },
  {
    text: 'tls://[2001:db8::1%dns.example.net]:8853',
    protocol: 'tls',
    address: '2001:db8::1',
    port: 8853,
    serverName: 'dns.example.net',
  },
  { text: 'https://192.0.2.1', protocol: 'https', address: '192.0.2.1', port: 443, serverName: '' },
  {
    text: 'https://[2001:db8::1]:8443',
    protocol: 'https',
    address: '2001:db8::1',
    port: 8443,
    serverName: '',
  },
  {
    text: 'https://192.0.2.1%dns.example.net:8443',
    protocol: 'https',
    address: '192.0.2.1',
    port: 8443,
    serverName: '',
  },
]
for (const { text, ...address } of addresses) {
  test(`${text} is an address`, () =>
    assert.deepEqual(parseTo(text), { kind: 'address', ...address }))
}

const places = [
  { text: '/etc/resolv.conf', protocol: 'dns', isFileAllowed: true, host: undefined, port: 53 },
  { text: 'resolv.conf', protocol: 'dns', isFileAllowed: true, host: 'resolv.conf', port: 53 },
  {
    text: 'dns.example.net',
    protocol: 'dns',
    isFileAllowed: true,
    host: 'dns.example.net',
    port: 53,
  },
  {
    text: 'dns.example.net:5353',
    protocol: 'dns',
    isFileAllowed: true,
    host: 'dns.example.net',
    port: 5353,
  },
  { text: 'localhost', protocol: 'dns', isFileAllowed: true, host: 'localhost', port: 53 },
  {
    text: 'dns://dns.example.net',
    protocol: 'dns',
    isFileAllowed: false,
    host: 'dns.example.net',
    port: 53,
  },
  {
    text: 'tls://dns.example.net:8853',
    protocol: 'tls',
    isFileAllowed: false,
    host: 'dns.example.net',
    port: 8853,
  },
  {
    text: 'https://dns.example.net',
    protocol: 'https',
    isFileAllowed: false,
    host: 'dns.example.net',
    port: 443,
  },
  { text: '192.0.2.300', protocol: 'dns', isFileAllowed: true, host: undefined, port: 53 },
  { text: '192.0.2.1%eth0', protocol: 'dns', isFileAllowed: true, host: undefined, port: 53 },
  { text: 'foo://192.0.2.1', protocol: 'dns', isFileAllowed: true, host: undefined, port: 53 },
  {
    text: 'dns.example.net:domain',
    protocol: 'dns',
    isFileAllowed: true,
    host: undefined,
    port: 53,
  },
  { text: '-dns.example.net', protocol: 'dns', isFileAllowed: true, host: undefined, port: 53 },
]
for (const { text, ...place } of places) {
  test(`${text} is a place, its host ${place.host}`, () =>
    assert.deepEqual(parseTo(text), { kind: 'place', text, ...place }))
}

const refused = [
  {
    text: 'quic://192.0.2.1',
    error: "'quic' is not supported as a destination protocol in forward: quic://192.0.2.1:853",
  },
  {
    text: 'grpc://[2001:db8::1]',
    error: "'grpc' is not supported as a destination protocol in forward: grpc://[2001:db8::1]:443",
  },
  {
    text: 'grpc://192.0.2.1:50051',
    error: "'grpc' is not supported as a destination protocol in forward: grpc://192.0.2.1:50051",
  },
  {
    text: 'https3://192.0.2.1',
    error: "'https3' is not supported as a destination protocol in forward: https3://192.0.2.1:443",
  },
  {
    text: 'unix:///run/dns.sock',
    error: "'unix' is not supported as a destination protocol in forward: unix:///run/dns.sock",
  },
  {
    text: 'https://192.0.2.1/dns-query',
    error:
      'paths are not allowed in HTTPS upstream addresses (the /dns-query path is used by default): https://192.0.2.1/dns-query',
  },
  {
    text: 'https://dns.example.net/',
    error:
      'paths are not allowed in HTTPS upstream addresses (the /dns-query path is used by default): https://dns.example.net/',
  },
  { text: 'https://', error: 'invalid address: "https://"' },
  { text: 'https://192.0.2.1:0', error: 'invalid address: "https://192.0.2.1:0"' },
  { text: '192.0.2.1:dns', error: 'invalid address: "192.0.2.1:dns"' },
  { text: '192.0.2.1:0', error: 'invalid address: "192.0.2.1:0"' },
  { text: '192.0.2.1:65536', error: 'invalid address: "192.0.2.1:65536"' },
  { text: '192.0.2.1:', error: 'invalid address: "192.0.2.1:"' },
  { text: 'dns.example.net:0', error: 'invalid address: "dns.example.net:0"' },
  { text: ':53', error: 'invalid address: ":53"' },
  { text: 'tls://', error: 'invalid address: "tls://"' },
  { text: '', error: 'invalid address: ""' },
]
for (const { text, error } of refused) {
  test(`'${text}' is refused`, () => assert.throws(() => parseTo(text), { message: error }))
}
