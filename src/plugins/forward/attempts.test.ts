import assert from 'node:assert/strict'
import test from 'node:test'
import { closedPort } from '../../../test/fakes/fake-upstream.ts'
import {
  answerOf,
  names,
  saying,
  startForward,
  startUpstreams,
} from '../../../test/support/forward-chain.ts'
import {
  type Chain,
  chain,
  counterValue,
  query,
  show,
} from '../../../test/support/plugin-harness.ts'
import { systemClock } from '../../base/time/clock.ts'
import { HealthWords } from '../../upstream/health-words.ts'
import { forward } from './index.ts'

test('an upstream that refuses is left at once for the next', async t => {
  const servers = await startUpstreams(t, saying('192.0.2.1'))
  const dead = `127.0.0.1:${await closedPort()}`
  const started = await startForward(
    t,
    `forward . ${dead} ${names(servers)} {\npolicy sequential\nread_timeout 1h\n}`,
  )
  assert.deepEqual(await answerOf(started), ['example.org. 60 IN A 192.0.2.1'])
})

test('an upstream that keeps silent is left after the read time-out', async t => {
  const servers = await startUpstreams(t, () => undefined, saying('192.0.2.1'))
  const started = await startForward(
    t,
    `forward . ${names(servers)} {\npolicy sequential\nread_timeout 20ms\n}`,
  )
  assert.deepEqual(await answerOf(started), ['example.org. 60 IN A 192.0.2.1'])
})

test('each failed attempt counts: twice the upstreams by default', async t => {
  const servers = await startUpstreams(t, () => undefined)
  const { handle } = await startForward(
    t,
    `forward . ${names(servers)} {\nread_timeout 10ms\nmax_fails 0\n}`,
  )
  await assert.rejects(async () => handle(query('example.org.')), {
    name: 'ServerError',
    code: 'UPSTREAM_TIMEOUT',
    rcode: 2,
    message: /^read udp 127\.0\.0\.1:\d+->127\.0\.0\.1:\d+: i\/o timeout$/,
  })
  assert.equal(servers[0]?.asked.length, 2)
})

test('max_connect_attempts bounds the failed attempts', async t => {
  const servers = await startUpstreams(t, () => undefined)
  const { handle } = await startForward(
    t,
    `forward . ${names(servers)} {\nread_timeout 10ms\nmax_fails 0\nmax_connect_attempts 3\n}`,
  )
  await assert.rejects(async () => handle(query('example.org.')), { rcode: 2 })
  assert.equal(servers[0]?.asked.length, 3)
})

test('the budget ends a query whose attempts would last for ever', async t => {
  const servers = await startUpstreams(t, () => undefined)
  let nowMs = 0
  // Each look at the clock is a second later: the budget is used up by looking.
  const clock = { ...systemClock, ms: () => (nowMs += 1000) }
  const started = await chain(
    forward,
    `forward . ${names(servers)} {\nread_timeout 1ms\nmax_connect_attempts 0\nmax_fails 0\n}`,
    { control: { clock } },
  )
  t.after(() => started.retire())
  await assert.rejects(async () => started.handle(query('example.org.')), {
    code: 'UPSTREAM_TIMEOUT',
  })
  assert.ok((servers[0]?.asked.length ?? 9) <= 2)
})

test('a fault of our own ends the query without blaming the upstream', async t => {
  const servers = await startUpstreams(t, saying('192.0.2.1'))
  const { handle, serve } = await startForward(
    t,
    `forward . ${names(servers)} {\nsource_address 192.0.2.77\n}`,
  )
  await assert.rejects(async () => handle(query('example.org.')), {
    message: /cannot assign requested address$/,
  })
  assert.equal(serve.fatals.length, 0)
})

test('failover asks the next upstream for its rcodes', async t => {
  const servers = await startUpstreams(
    t,
    asked => asked.reply({ rcode: 'REFUSED' }),
    saying('192.0.2.2'),
  )
  const started = await startForward(
    t,
    `forward . ${names(servers)} {\npolicy sequential\nfailover REFUSED\n}`,
  )
  assert.deepEqual(await answerOf(started), ['example.org. 60 IN A 192.0.2.2'])
})

test('failover asks each upstream once, and gives the last reply', async t => {
  const servers = await startUpstreams(
    t,
    asked => asked.reply({ rcode: 'REFUSED' }),
    asked => asked.reply({ rcode: 'SERVFAIL' }),
  )
  const { handle } = await startForward(
    t,
    `forward . ${names(servers)} {\npolicy sequential\nfailover REFUSED SERVFAIL\n}`,
  )
  assert.equal(show(await handle(query('example.org.'))).rcode, 'SERVFAIL')
  assert.deepEqual(
    servers.map(({ asked }) => asked.length),
    [1, 1],
  )
})

/** Offset of the health words: the first that forward reserves. */
const HEALTH_WORD = 0
const markDown = ({ control }: Chain, index: number, fails = 3): void => {
  const health = new HealthWords(control.sharedWords, HEALTH_WORD)
  for (let count = 0; count < fails; count++) health.probeFailed(index)
}

test('an upstream is down once more than max_fails probes have failed, and is passed over', async t => {
  const servers = await startUpstreams(t, saying('192.0.2.1'), saying('192.0.2.2'))
  const started = await startForward(t, `forward . ${names(servers)} {\npolicy sequential\n}`)
  markDown(started, 0, 2)
  assert.deepEqual(await answerOf(started), ['example.org. 60 IN A 192.0.2.1'])
  markDown(started, 0, 1)
  assert.deepEqual(await answerOf(started), ['example.org. 60 IN A 192.0.2.2'])
})

test('with max_fails 0 no upstream is down', async t => {
  const servers = await startUpstreams(t, saying('192.0.2.1'), saying('192.0.2.2'))
  const started = await startForward(
    t,
    `forward . ${names(servers)} {\npolicy sequential\nmax_fails 0\n}`,
  )
  markDown(started, 0, 9)
  assert.deepEqual(await answerOf(started), ['example.org. 60 IN A 192.0.2.1'])
})

test('when all are down one is tried all the same, and counted as broken health checks', async t => {
  const servers = await startUpstreams(t, saying('192.0.2.1'), saying('192.0.2.1'))
  const started = await startForward(t, `forward . ${names(servers)}`)
  markDown(started, 0)
  markDown(started, 1)
  assert.deepEqual(await answerOf(started), ['example.org. 60 IN A 192.0.2.1'])
  assert.equal(
    counterValue(started.control, started.serve.row, 'coredns_forward_healthcheck_broken_total'),
    1,
  )
})

test('failfast answers SERVFAIL when all are down', async t => {
  const servers = await startUpstreams(t, saying('192.0.2.1'))
  const started = await startForward(
    t,
    `forward . ${names(servers)} {\nfailfast_all_unhealthy_upstreams\n}`,
  )
  markDown(started, 0)
  await assert.rejects(async () => started.handle(query('example.org.')), {
    code: 'NO_HEALTHY_UPSTREAM',
    rcode: 2,
    message: 'no healthy proxies',
  })
  assert.equal(servers[0]?.asked.length, 0)
})

test('round_robin takes the upstreams in turn', async t => {
  const servers = await startUpstreams(
    t,
    saying('192.0.2.1'),
    saying('192.0.2.2'),
    saying('192.0.2.3'),
  )
  const started = await startForward(t, `forward . ${names(servers)} {\npolicy round_robin\n}`)
  for (let count = 0; count < 6; count++) await answerOf(started)
  assert.deepEqual(
    servers.map(({ asked }) => asked.length),
    [2, 2, 2],
  )
})

test('retiring ends pooled connections', async t => {
  const servers = await startUpstreams(t, asked => asked.reply())
  const started = await chain(forward, `forward . ${names(servers)} {\nforce_tcp\n}`, {
    control: { clock: systemClock },
  })
  await started.handle(query('example.org.', 'A', { receivedMs: systemClock.ms() }))
  const closed = new Promise(resolve => servers[0]?.connections[0]?.once('close', resolve))
  await started.retire()
  await closed
})
