// Three servers on one Corefile, one for each way of receiving: the same queries get the same bytes
// from all, or silence from all.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { openLibc } from '../src/net/mmsg/libc.ts'
import { readLayout } from '../src/wire/layout.ts'
import { nameFromText } from '../src/wire/name.ts'
import { BurstClient } from './support/burst-client.ts'
import { QueryMix } from './support/query-mix.ts'
import { type Cleanup, type ServerProcess, startServer } from './support/server-process.ts'

const QUERIES = 100_000
/** Under way at a time, at each server. */
const WINDOW = 200
const IDS = 60_000

const ENGINES: Readonly<Record<string, readonly string[]>> = {
  mmsg: ['--engine', 'mmsg'],
  dgram: ['--engine', 'dgram'],
  'mmsg without the fast path': ['--engine', 'mmsg', '--no-fast-path'],
}

const numbered = (count: number, textOf: (n: number) => string): string[] =>
  Array.from({ length: count }, (_, n) => textOf(n))
const LONG = `${'a-label-of-sixty-three-bytes-'.repeat(2)}12345.${'b'.repeat(63)}.${'c'.repeat(63)}`

/**
 * One address, several, two families, so many that they do not fit, wildcards, the longest of
 * names.
 */
const HOSTS = [
  ...numbered(100, n => `192.0.2.${n + 1} h${n}.example.org`),
  ...numbered(40, n => `198.51.100.${n + 1} d${n % 20}.example.org alias${n}.example.org`),
  ...numbered(40, n => `2001:db8::${n + 1} d${n % 20}.example.org v6-${n}.example.org`),
  ...numbered(60, n => `203.0.113.${n + 1} big.example.org`),
  ...numbered(60, n => `2001:db8:1::${n + 1} big.example.org`),
  '192.0.2.250 *.wild.example.org',
  `192.0.2.251 ${LONG}.example.org`,
]

const NAMES = [
  ...numbered(100, n => `h${n}.example.org.`),
  ...numbered(40, n => `d${n % 20}.example.org.`),
  ...numbered(40, n => `alias${n}.example.org.`),
  ...numbered(20, n => `v6-${n}.example.org.`),
  ...numbered(20, n => `no-such-${n}.example.org.`),
  ...numbered(10, n => `w${n}.wild.example.org.`),
  ...numbered(10, n => `${n + 1}.2.0.192.in-addr.arpa.`),
  ...numbered(10, n => `elsewhere-${n}.example.net.`),
  ...Array<string>(12).fill('big.example.org.'),
  `${LONG}.example.org.`,
  'example.org.',
  'org.',
  '.',
]

/**
 * Nothing expires during the test: one server would still answer from its cache when another asks
 * anew.
 */
const corefile = (port: number): string => `example.org:${port} 2.0.192.in-addr.arpa:${port} {
 bind 127.0.0.1
 errors
 cache 3600 {
  servfail 5m
 }
 hosts /dev/null {
  ${HOSTS.join('\n  ')}
  ttl 300
 }
}
`

const startAll = async (t: Cleanup): Promise<Record<string, ServerProcess>> => {
  const servers: Record<string, ServerProcess> = {}
  for (const [name, args] of Object.entries(ENGINES))
    servers[name] = await startServer(t, corefile, { args })
  return servers
}

/** The reply with no time in it: a second may pass between two servers' answers. */
const withoutTtls = (reply: Uint8Array | undefined): string => {
  if (reply === undefined) return 'silence'
  const bytes = Uint8Array.from(reply)
  const layout = readLayout(bytes)
  for (let index = 0; index < (layout?.count ?? 0); index++) {
    if (index !== layout!.optIndex)
      bytes.fill(0, layout!.ttlOffset(index), layout!.ttlOffset(index) + 4)
  }
  return bytes.toHex()
}

const isSame = (a: Uint8Array | undefined, b: Uint8Array | undefined): boolean =>
  (a !== undefined && b !== undefined && Buffer.compare(a, b) === 0) ||
  withoutTtls(a) === withoutTtls(b)

describe('engines', {
  skip: typeof openLibc() === 'string' ? (openLibc() as string) : false,
}, () => {
  test(`${QUERIES} queries of all kinds get the same answers over ${Object.keys(ENGINES).join(', ')}`, {
    timeout: 60_000,
  }, async t => {
    const servers = await startAll(t)
    const clients = await Promise.all(
      Object.values(servers).map(({ port }) => BurstClient.open(t, port)),
    )
    const mix = new QueryMix(
      NAMES.map(name => nameFromText(name) ?? assert.fail(name)),
      1,
    )
    const rcodes = new Map<number, number>()
    let silences = 0
    for (let start = 0; start < QUERIES; start += WINDOW) {
      const firstId = start % IDS
      const messages = Array.from({ length: WINDOW }, (_, n) => mix.message(firstId + n))
      const [first, ...others] = await Promise.all(
        clients.map(client => client.ask(messages, firstId)),
      )
      for (const [n, reply] of first!.entries()) {
        for (const [k, other] of others.entries()) {
          if (isSame(reply, other[n])) continue
          assert.equal(
            withoutTtls(other[n]),
            withoutTtls(reply),
            `${Object.keys(ENGINES)[k + 1]} on query ${start + n}: ${messages[n]!.toHex()}`,
          )
        }
        if (reply === undefined) silences++
        else rcodes.set(reply[3]! & 15, (rcodes.get(reply[3]! & 15) ?? 0) + 1)
      }
    }
    t.diagnostic(`silence ${silences}, rcodes ${JSON.stringify([...rcodes])}`)
    assert.deepEqual(
      clients.flatMap(({ strays }) => strays.map(bytes => bytes.toHex())),
      [],
    )
    for (const server of Object.values(servers))
      assert.doesNotMatch(server.out + server.err, /panic|died|unresponsive|failed/)
    // The mix reached every kind of answer: NOERROR, FORMERR, SERVFAIL, NOTIMP, REFUSED, and none.
    assert.ok([0, 1, 2, 4, 5].every(rcode => rcodes.has(rcode)) && silences > 0)
  })
})
