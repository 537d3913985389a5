// Property: whatever the fast path answers from a zone, the slow path answers with the same bytes;
// and a cache in front never gives what the zone has not any more. Zones, questions and EDNS shapes
// are drawn by a seeded generator.

import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { seeded } from './fakes/raw-message.ts'
import { askedName, QTYPES, type ShapedZone, shapedZone } from './fakes/zone-shape.ts'
import { bothPaths, CLIENT } from './support/both-paths.ts'
import { type QueryOptions, query, replyTo } from './support/plugin-harness.ts'
import { temporaryFolder } from './support/server-process.ts'

const ORIGIN = 'example.org'
const QUERIES = 5000

type Below = ReturnType<typeof seeded>

const EDNS: readonly QueryOptions[] = [
  {},
  { udpSize: 1232 },
  { udpSize: 512, do: true },
  { udpSize: 4096, options: [{ code: 10, data: '0102030405060708' }] },
]

const pick = <T>(below: Below, list: readonly T[]): T => list[below(list.length)] as T

const aQuery = (below: Below, zone: ShapedZone): ReturnType<typeof query> =>
  query(
    below(40) === 0 ? 'www.example.com.' : askedName(below, zone, ORIGIN),
    pick(below, QTYPES),
    {
      ...pick(below, EDNS),
      id: below(65536),
      rd: below(4) > 0,
      cd: below(12) === 0,
      ...(below(60) === 0 ? { opcode: 4 } : {}),
    },
  )

const signed = ({ text, owners }: ShapedZone): ShapedZone => ({
  owners,
  text: `${text}${owners
    .map(
      owner =>
        `${owner} RRSIG A 13 2 300 20600101000000 20250101000000 1 @ AQID\n${owner} NSEC a A RRSIG\n`,
    )
    .join('')}`,
})

const unchanged = (zone: ShapedZone): ShapedZone => zone

for (const { rule, front, isAuto, options = '', change = unchanged, least, isCached } of [
  { rule: 'zones of a folder', front: ['errors'], isAuto: true, least: 55 },
  { rule: 'a zone alone', front: ['errors'], least: 55 },
  {
    rule: 'behind plugins that look at answers',
    front: ['prometheus 127.0.0.1:0', 'errors', 'bufsize 700', 'any'],
    least: 35,
  },
  { rule: 'with fallthrough', front: ['errors'], options: 'fallthrough', least: 30 },
  { rule: 'with fallthrough for some', front: [], options: 'fallthrough a.example.org', least: 40 },
  { rule: 'a signed zone', front: ['errors'], change: signed, least: 40 },
  { rule: 'behind a cache', front: ['errors', 'cache'], least: 0, isCached: true },
])
  test(`both paths give the same bytes from zones: ${rule}`, async t => {
    const folder = temporaryFolder(t)
    const path = join(folder, 'db')
    let answered = 0
    for (let seed = 1; seed <= 4; seed++) {
      const below = seeded(seed)
      const zone = change(shapedZone(below, { names: 20 * 4 ** (seed - 1) }))
      writeFileSync(path, zone.text)
      const file = isAuto
        ? `auto {\ndirectory ${folder} (db) ${ORIGIN}\n}`
        : `file ${path} ${ORIGIN} {\n${options}\n}`
      const paths = await bothPaths([...front, file], request =>
        replyTo(request, { answer: [`${request.question.name} 300 IN TXT next`] }),
      )
      for (let n = 0; n < QUERIES; n++) {
        const { bytes, question } = aQuery(below, zone)
        const fast = paths.fast(bytes, CLIENT)
        if (fast === undefined) {
          if (isCached) await paths.slow(bytes, CLIENT)
          continue
        }
        const slow = await paths.slow(bytes, CLIENT)
        assert.deepEqual(
          fast,
          slow === undefined ? undefined : new Uint8Array(slow),
          `zone ${seed}, query ${n}: ${question.name} type ${question.type}`,
        )
        answered++
      }
    }
    assert.ok(
      answered >= (4 * QUERIES * least) / 100 && answered > 0,
      `the fast path answered ${answered} of ${4 * QUERIES}`,
    )
    t.diagnostic(`the fast path answered ${answered} of ${4 * QUERIES}`)
  })

test('an answer from a zone allocates nothing', async t => {
  const path = join(temporaryFolder(t), 'db')
  writeFileSync(path, '$TTL 5\n@ SOA ns x 1 2 3 4 5\n@ NS ns\na A 192.0.2.1\n*.w CNAME a\n')
  const paths = await bothPaths(
    ['prometheus 127.0.0.1:0', 'errors', 'loadbalance', `file ${path} ${ORIGIN}`],
    request => replyTo(request),
  )
  const HITS = 50_000
  for (const name of ['a.example.org.', 'x.w.example.org.', 'nx.example.org.']) {
    const { bytes } = query(name, 'A', { udpSize: 1232 })
    paths.repeat(bytes, HITS)
    // Others in this process allocate now and then, and a collection makes a number negative: the
    // middle one of many tells.
    const grown = Array.from({ length: 21 }, () => {
      const before = process.memoryUsage().heapUsed
      assert.equal(paths.repeat(bytes, HITS), HITS)
      return process.memoryUsage().heapUsed - before
    }).sort((a, b) => a - b)
    assert.ok((grown[10] ?? 0) < HITS, `${name}: ${grown[10]} bytes for ${HITS} answers`)
  }
})

test('a cache in front of a zone never answers what the zone had before', async t => {
  t.mock.timers.enable({ apis: ['setInterval'] })
  const path = join(temporaryFolder(t), 'db')
  const write = (serial: number): void =>
    writeFileSync(
      path,
      `$TTL 3600\n@ SOA ns x ${serial} 2 3 4 3600\nn${serial} A 192.0.2.${serial}\nb A 192.0.2.${serial}\n`,
    )
  write(1)
  const paths = await bothPaths(['cache', `file ${path} ${ORIGIN} {\nreload 1s\n}`], request =>
    replyTo(request),
  )
  await paths.control.started()
  const ask = async (name: string): Promise<string> => {
    const { bytes } = query(name, 'A')
    return (paths.fast(bytes) ?? (await paths.slow(bytes)) ?? new Uint8Array()).toHex()
  }
  for (let serial = 2; serial < 6; serial++) {
    const before = await Promise.all(['b.example.org.', `n${serial}.example.org.`].map(ask))
    write(serial)
    const said = paths.control.logged.length
    t.mock.timers.tick(1000)
    while (paths.control.logged.length === said) await new Promise(setImmediate)
    const after = await Promise.all(['b.example.org.', `n${serial}.example.org.`].map(ask))
    assert.ok(before.every((reply, n) => reply !== after[n]))
    paths.clock.advance(2000)
    assert.deepEqual(
      await Promise.all(['b.example.org.', `n${serial}.example.org.`].map(ask)),
      after,
    )
  }
})
