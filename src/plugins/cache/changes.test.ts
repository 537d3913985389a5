import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  type CacheChain,
  cacheChainIn,
  NXDOMAIN,
  type Step,
  settle,
} from '../../../test/support/cache-chain.ts'
import type { ReplyOptions } from '../../../test/support/messages.ts'
import { EVERY_LABEL } from '../../chain/invalidation-scopes.ts'
import { nameFromText } from '../../wire/name.ts'

const CHANGING = [
  { zone: 'cluster.local.', labels: EVERY_LABEL },
  { zone: 'svc.cluster.local.', labels: 2 },
  { zone: 'in-addr.arpa.', labels: EVERY_LABEL },
]

const start = (text: string, ...steps: Step[]): CacheChain =>
  cacheChainIn({ changing: CHANGING }, text, ...steps)
const mark = (chain: CacheChain, name: string): void =>
  chain.control.changes.mark(nameFromText(name) ?? assert.fail(name))
const answer = (name: string, last: number): ReplyOptions => ({
  answer: [`${name} 30 IN A 192.0.2.${last}`],
})

const WEB = 'web.shop.svc.cluster.local.'

const outdated: { rule: string; asked: string; marked: string; isAskedAgain: boolean }[] = [
  { rule: 'the name itself', asked: WEB, marked: WEB, isAskedAgain: true },
  { rule: 'names below the service', asked: `web-0.${WEB}`, marked: WEB, isAskedAgain: true },
  { rule: 'ports of the service', asked: `_http._tcp.${WEB}`, marked: WEB, isAskedAgain: true },
  { rule: 'the name in capitals', asked: WEB.toUpperCase(), marked: WEB, isAskedAgain: true },
  {
    rule: 'no other service',
    asked: 'api.shop.svc.cluster.local.',
    marked: WEB,
    isAskedAgain: false,
  },
  { rule: 'no name outside', asked: 'www.example.org.', marked: WEB, isAskedAgain: false },
  {
    rule: 'a reverse name',
    asked: '1.0.96.10.in-addr.arpa.',
    marked: '1.0.96.10.in-addr.arpa.',
    isAskedAgain: true,
  },
  {
    rule: 'no other reverse name',
    asked: '2.0.96.10.in-addr.arpa.',
    marked: '1.0.96.10.in-addr.arpa.',
    isAskedAgain: false,
  },
]

for (const { rule, asked, marked, isAskedAgain } of outdated) {
  test(`a change of ${marked} outdates ${rule}: ${asked}`, async () => {
    const chain = start('cache 30', answer(asked, 1), answer(asked, 2))
    await chain.ask({ name: asked })
    chain.clock.advance(1000)
    mark(chain, marked)
    const shown = await chain.ask({ name: asked })
    assert.equal(chain.asked.length, isAskedAgain ? 2 : 1)
    assert.match(shown.answer[0] ?? '', isAskedAgain ? /192\.0\.2\.2$/ : /192\.0\.2\.1$/)
  })
}

test('denials are outdated too, in every shard at once', async () => {
  const chain = start('cache 30', NXDOMAIN, answer(WEB, 1))
  const other = chain.shard(1)
  assert.equal((await other.ask({ name: WEB })).rcode, 'NXDOMAIN')
  chain.clock.advance(1000)
  mark(chain, WEB)
  assert.equal((await other.ask({ name: WEB })).rcode, 'NOERROR')
  assert.equal((await chain.ask({ name: WEB })).rcode, 'NOERROR')
})

test('an answer that was asked for before the change is given to its client, and not stored', async () => {
  const late = Promise.withResolvers<ReplyOptions>()
  const chain = start('cache 30', late.promise, answer(WEB, 2))
  const first = chain.ask({ name: WEB })
  chain.clock.advance(1000)
  mark(chain, WEB)
  late.resolve(answer(WEB, 1))
  assert.match((await first).answer[0] ?? '', /192\.0\.2\.1$/)
  await settle()
  chain.clock.advance(1000)
  assert.match((await chain.ask({ name: WEB })).answer[0] ?? '', /192\.0\.2\.2$/)
})

test('answers of the second of the change do not count as newer; those of the next are kept', async () => {
  const chain = start('cache 30', answer(WEB, 1), answer(WEB, 2), answer(WEB, 3))
  mark(chain, WEB)
  await chain.ask({ name: WEB })
  await chain.ask({ name: WEB })
  assert.equal(chain.asked.length, 2)
  chain.clock.advance(1000)
  await chain.ask({ name: WEB })
  await chain.ask({ name: WEB })
  assert.equal(chain.asked.length, 3)
})

test('an outdated answer is not served stale', async () => {
  const chain = start('cache 30 {\n serve_stale 1h\n}', answer(WEB, 1), 'UPSTREAM_TIMEOUT')
  await chain.ask({ name: WEB })
  chain.clock.advance(60_000)
  mark(chain, WEB)
  await assert.rejects(async () => chain.ask({ name: WEB }))
})

test('markAll outdates every group, and nothing outside of the zones', async () => {
  const chain = start('cache 30', answer(WEB, 1), answer('www.example.org.', 1), answer(WEB, 2))
  await chain.ask({ name: WEB })
  await chain.ask()
  chain.clock.advance(1000)
  chain.control.changes.markAll()
  await chain.ask()
  assert.equal(chain.asked.length, 2)
  await chain.ask({ name: WEB })
  assert.equal(chain.asked.length, 3)
})
