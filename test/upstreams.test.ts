// forward and loop in the whole server: upstreams that never answer, and an upstream that is the
// server itself.

import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { closedPort, type FakeUpstream, fakeUpstream, type Respond } from './fakes/fake-upstream.ts'
import { DnsClient } from './support/dns-client.ts'
import { show } from './support/messages.ts'
import { served, startServed } from './support/served.ts'

const NAMES = 300
const LOOP = /^\[FATAL\] plugin\/loop: Loop \(/

const silence: Respond = () => undefined
const address: Respond = asked => {
  const { question } = show(asked.bytes)
  asked.reply({ ra: true, answer: [`${question.split(' ')[0]} 300 IN A 192.0.2.7`] })
}

const upstreams = (t: TestContext, ...responds: Respond[]): Promise<FakeUpstream[]> =>
  Promise.all(
    responds.map(async respond => {
      const upstream = await fakeUpstream(respond)
      t.after(upstream.close)
      return upstream
    }),
  )

const forwarder = async (t: TestContext, to: readonly FakeUpstream[]): Promise<number> => {
  const port = await closedPort()
  const addresses = to.map(upstream => `127.0.0.1:${upstream.port}`).join(' ')
  await served(t, `.:${port} {\nbind 127.0.0.1\nerrors\ncache 300\nforward . ${addresses}\n}\n`)
  return port
}

test('one of three upstreams never answers: every query is answered', {
  timeout: 60_000,
}, async t => {
  const all = await upstreams(t, silence, address, address)
  const port = await forwarder(t, all)
  const client = await DnsClient.open(t, { port, tries: 1, timeoutMs: 5000 })
  const answered = Promise.withResolvers<void>()
  let asked = 0
  const nameOf = (): string => {
    asked += 1
    if (asked === NAMES) answered.resolve()
    return `q${asked}.example.org.`
  }
  const tally = await client.load(nameOf, 200, answered.promise)
  assert.deepEqual(tally.lost, [])
  assert.ok(tally.asked >= NAMES)
  assert.ok(all.every(upstream => upstream.asked.length > 0))
  const late = await Promise.all(
    Array.from({ length: 32 }, (_, n) => client.ask(`late${n}.example.org.`)),
  )
  for (const reply of late) assert.equal(show(reply ?? new Uint8Array()).rcode, 'NOERROR')
})

test('all upstreams fall silent: SERVFAIL, and what is cached is still answered', {
  timeout: 60_000,
}, async t => {
  const all = await upstreams(t, address, address)
  const port = await forwarder(t, all)
  const client = await DnsClient.open(t, { port, tries: 1, timeoutMs: 15_000 })
  const ask = async (name: string) => show((await client.ask(name)) ?? new Uint8Array())
  assert.deepEqual((await ask('known.example.org.')).rcode, 'NOERROR')
  for (const upstream of all) upstream.respond = silence
  const unknown = Promise.all(Array.from({ length: 8 }, (_, n) => ask(`unknown${n}.example.org.`)))
  for (let n = 0; n < 32; n++)
    assert.match((await ask('known.example.org.')).answer.join(), /192\.0\.2\.7/)
  for (const { rcode } of await unknown) assert.equal(rcode, 'SERVFAIL')
  assert.match((await ask('known.example.org.')).answer.join(), /192\.0\.2\.7/)
})

for (const cache of ['', 'cache 30\n'])
  test(`a server that forwards to itself ends${cache && ', also with cache'}`, {
    timeout: 60_000,
  }, async t => {
    const port = await closedPort()
    const server = startServed(
      t,
      `.:${port} {\nbind 127.0.0.1\n${cache}loop\nforward . 127.0.0.1:${port}\n}\n`,
    )
    await server.line(LOOP)
    assert.equal(await server.ended, 1)
    assert.equal(server.count(LOOP), 1)
  })
