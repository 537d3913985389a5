import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fileLoader } from '../process/load/file-loader.ts'
import { CorefileError } from './diagnostics/diagnostic.ts'
import { type InspectedBlock, inspectBlocks } from './keys.ts'
import { type BoundSite, checkOverlap } from './overlap.ts'
import { parseCorefile } from './parse/parser.ts'

const inspect = (text: string, defaultPort = 53): InspectedBlock[] =>
  inspectBlocks(
    parseCorefile({ text, file: 'Corefile', baseDir: '/nonexistent' }, fileLoader, {}).blocks,
    { defaultPort },
  )

const errorOf = (run: () => void): CorefileError => {
  try {
    run()
  } catch (error) {
    assert.ok(error instanceof CorefileError)
    return error
  }
  return assert.fail('no error')
}

const sites: { rule: string; keys: string; sites: string[] }[] = [
  { rule: 'the default port', keys: '.', sites: ['dns://.:5300'] },
  { rule: 'dns:// takes the default port', keys: 'dns://a.org', sites: ['dns://a.org.:5300'] },
  { rule: '17: an explicit port wins', keys: '.:1053', sites: ['dns://.:1053'] },
  { rule: '18: tls', keys: 'tls://.', sites: ['tls://.:853'] },
  { rule: '18: quic', keys: 'quic://.', sites: ['quic://.:853'] },
  { rule: '18: grpc', keys: 'grpc://.', sites: ['grpc://.:443'] },
  { rule: '18: https', keys: 'https://.', sites: ['https://.:443'] },
  { rule: '18: https3', keys: 'https3://.', sites: ['https3://.:443'] },
  { rule: 'a scheme and a port', keys: 'tls://A.org:8853', sites: ['tls://a.org.:8853'] },
  { rule: 'port 0 lets the system choose', keys: '.:0', sites: ['dns://.:0'] },
  { rule: '19: /8', keys: '10.0.0.0/8', sites: ['dns://10.in-addr.arpa.:5300'] },
  {
    rule: '20: /15 keeps the port',
    keys: '10.0.0.0/15:53',
    sites: ['dns://0.10.in-addr.arpa.:53', 'dns://1.10.in-addr.arpa.:53'],
  },
  { rule: '22: IPv6', keys: '2001:db8::/32', sites: ['dns://8.b.d.0.1.0.0.2.ip6.arpa.:5300'] },
  {
    rule: '51: an unknown scheme is part of the name',
    keys: 'foo://a.org',
    sites: ['dns://foo://a.org.:5300'],
  },
  { rule: 'several keys', keys: 'b.org a.org', sites: ['dns://b.org.:5300', 'dns://a.org.:5300'] },
]

for (const { rule, keys, sites: expected } of sites)
  test(`keys: ${rule}`, () => {
    const [block] = inspect(`${keys} {\n}`, 5300)
    assert.deepEqual(
      block?.sites.map(site => `${site.transport}://${site.zone}:${site.port}`),
      expected,
    )
    assert.deepEqual(
      block?.zones,
      block?.sites.map(site => site.zone),
    )
  })

const PREFIX = 'error inspecting server blocks: '
const errors: { rule: string; key: string; message: string }[] = [
  { rule: '23', key: '::1/128', message: `${PREFIX}invalid CIDR ::1/128` },
  { rule: '24', key: ':1053', message: `${PREFIX}zone is not a valid domain name: ` },
  { rule: '25', key: 'a.org:', message: `${PREFIX}expecting data after last colon: "a.org:"` },
  { rule: '26', key: 'a..org', message: `${PREFIX}zone is not a valid domain name: a..org` },
  {
    rule: 'too long',
    key: 'a'.repeat(300),
    message: `${PREFIX}specified zone is too long: 300 > 255`,
  },
  { rule: 'unix', key: 'unix://x', message: `${PREFIX}unix:// cannot be served: unix://x` },
  { rule: 'port too large', key: 'a.org:65536', message: 'address 65536: invalid port' },
  { rule: 'negative port', key: 'a.org:-1', message: 'address -1: invalid port' },
]

for (const { rule, key, message } of errors)
  test(`keys error: ${rule}`, () => {
    const error = errorOf(() => inspect(`b.org ${key} {\n}`))
    assert.equal(error.message, message)
    assert.equal(error.span?.column, 7)
  })

/** One entry per key of `text`, in order; `binds` and `views` by block. */
const bound = (text: string, binds: (string[] | undefined)[], views: boolean[]): BoundSite[] =>
  inspect(text).flatMap(({ sites: all }, i) =>
    all.map(site => ({ site, bindAddresses: binds[i], hasView: views[i] ?? false })),
  )

const overlaps: {
  rule: string
  text: string
  binds?: (string[] | undefined)[]
  views?: boolean[]
  message?: string
}[] = [
  {
    rule: '15: a key twice in one block',
    text: 'a.org a.org {\n}',
    message: 'cannot serve dns://a.org.:53 - it is already defined',
  },
  {
    rule: 'a key in two blocks',
    text: '. {\n}\n. {\n}',
    message: 'cannot serve dns://.:53 - it is already defined',
  },
  {
    rule: 'names differ only in case',
    text: 'a.org {\n}\nA.ORG. {\n}',
    message: 'cannot serve dns://a.org.:53 - it is already defined',
  },
  {
    rule: 'the same address',
    text: '. {\n}\n. {\n}',
    binds: [['192.0.2.1'], ['192.0.2.1']],
    message: 'cannot serve dns://.:53 on 192.0.2.1 - it is already defined',
  },
  {
    rule: 'the same address in one bind',
    text: '. {\n}',
    binds: [['192.0.2.1', '192.0.2.1']],
    message: 'cannot serve dns://.:53 on 192.0.2.1 - it is already defined',
  },
  {
    rule: '16: bound behind wildcard',
    text: '. {\n}\n. {\n}',
    binds: [undefined, ['127.0.0.1']],
    message:
      'cannot serve dns://.:53 on 127.0.0.1 - zone overlap listener capacity with dns://.:53',
  },
  {
    rule: '16: wildcard behind bound',
    text: '. {\n}\n. {\n}',
    binds: [['127.0.0.1'], undefined],
    message:
      'cannot serve dns://.:53 - zone overlap listener capacity with dns://.:53 on 127.0.0.1',
  },
  { rule: 'other addresses', text: '. {\n}\n. {\n}', binds: [['192.0.2.1'], ['192.0.2.2']] },
  { rule: 'other ports', text: '.:53 {\n}\n.:54 {\n}' },
  { rule: 'other transports', text: '. {\n}\ntls://.:53 {\n}' },
  { rule: 'other zones', text: '. {\n}\na.org {\n}' },
  { rule: 'no listener at all', text: '. {\n}\n. {\n}', binds: [[], undefined] },
  { rule: 'views share a zone', text: '. {\n}\n. {\n}', views: [true, true] },
  { rule: 'a view behind a block without', text: '. {\n}\n. {\n}', views: [false, true] },
  { rule: 'a block without behind a view', text: '. {\n}\n. {\n}', views: [true, false] },
  {
    rule: 'a bound view overlaps a wildcard',
    text: '. {\n}\n. {\n}',
    binds: [undefined, ['192.0.2.1']],
    views: [false, true],
    message:
      'cannot serve dns://.:53 on 192.0.2.1 - zone overlap listener capacity with dns://.:53',
  },
  {
    rule: 'two blocks beside a view',
    text: '. {\n}\n. {\n}\n. {\n}',
    views: [true, false, false],
    message: 'cannot serve dns://.:53 - it is already defined',
  },
]

for (const { rule, text, binds = [], views = [], message } of overlaps)
  test(`overlap: ${rule}`, () => {
    const check = (): void => checkOverlap(bound(text, binds, views))
    if (message === undefined) check()
    else assert.equal(errorOf(check).message, message)
  })

test('overlap: the place is the second key', () => {
  const error = errorOf(() => checkOverlap(bound('. {\n}\nb.org . {\n}', [], [])))
  assert.deepEqual([error.span?.line, error.span?.column], [3, 7])
})
