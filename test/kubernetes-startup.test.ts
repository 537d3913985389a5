// A start while the API server is away: the server serves all the same, says that it knows nothing
// yet, and knows everything once it can.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fakeUpstream } from './fakes/fake-upstream.ts'
import { startCluster, startFixtureApi } from './support/cluster-server.ts'
import { askOneWay, WAYS, type Way } from './support/kubernetes-ask.ts'
import { shown } from './support/kubernetes-cases.ts'
import { query, show } from './support/messages.ts'

const LIMIT = { timeout: 30_000 }
const UDP: Way = { transport: 'udp', family: 4 }
/** Extended error 14, Not Ready, with its text. */
const NOT_READY = {
  code: 15,
  data: `000e${Buffer.from('kubernetes: not synced with the API server').toHex()}`,
}
const SOA = (serial: string) =>
  `cluster.local. 5 IN SOA ns.dns.cluster.local. hostmaster.cluster.local. ${serial} 7200 1800 86400 5`

test('startup_timeout, and the API server comes later', LIMIT, async t => {
  const upstream = await fakeUpstream(({ reply }) =>
    reply({ answer: ['1.0.96.10.in-addr.arpa. 60 IN PTR outside.example.org.'] }),
  )
  t.after(() => upstream.close())
  const api = await startFixtureApi(t)
  await api.down()
  const { process, ports } = await startCluster(t, {
    api,
    ports: 3,
    corefile: (dns, other, ready) => `.:${dns} {
  bind 127.0.0.1 ::1
  ready 127.0.0.1:${ready}
  kubernetes cluster.local in-addr.arpa {
    startup_timeout 700ms
    fallthrough in-addr.arpa
  }
  forward . 127.0.0.1:${upstream.port}
}
example.org:${other} {
  bind 127.0.0.1
  hosts {
    192.0.2.7 www.example.org
  }
}
`,
  })
  const [dns = -1, other = -1, ready = -1] = ports
  const isReady = async () => {
    const response = await fetch(`http://127.0.0.1:${ready}/ready`)
    return { status: response.status, body: await response.text() }
  }
  const ask = (name: string, type = 'A') => askOneWay(dns, query(name, type).bytes, UDP)

  await t.test('the log tells', () => {
    assert.match(
      process.out,
      /^\[INFO\] plugin\/kubernetes: waiting for Kubernetes API before starting server$/m,
    )
    assert.match(
      process.out,
      /^\[WARNING\] plugin\/kubernetes: starting server with unsynced Kubernetes API$/m,
    )
  })
  await t.test('ready is not', async () =>
    assert.deepEqual(await isReady(), { status: 503, body: 'kubernetes' }),
  )
  for (const name of [
    'svc1.testns.svc.cluster.local.',
    'missing.cluster.local.',
    'testns.svc.cluster.local.',
  ]) {
    await t.test(`${name}: SERVFAIL with AA, SOA and the reason`, async () => {
      for (const way of WAYS) {
        const reply = show(await askOneWay(dns, query(name, 'A', { udpSize: 1232 }).bytes, way))
        assert.deepEqual(
          [reply.rcode, reply.flags, reply.answer, reply.authority],
          ['SERVFAIL', 'qr aa rd', [], [SOA('0')]],
        )
        assert.deepEqual(reply.edns?.options, [NOT_READY])
      }
    })
  }
  await t.test('without EDNS the reason stays unsaid', async () => {
    const reply = show(await ask('svc1.testns.svc.cluster.local.'))
    assert.deepEqual(
      [reply.rcode, reply.authority, reply.edns],
      ['SERVFAIL', [SOA('0')], undefined],
    )
  })
  await t.test(
    'names of the schema itself are there, and nobody else is asked for what is not known yet',
    async () => {
      assert.equal(show(await ask('svc.cluster.local.')).rcode, 'NOERROR')
      const { rcode, answer } = show(await ask('1.0.96.10.in-addr.arpa.', 'PTR'))
      assert.deepEqual([rcode, answer, upstream.asked], ['SERVFAIL', [], []])
    },
  )
  await t.test('other zones answer', async () => {
    const reply = await askOneWay(other, query('www.example.org.').bytes, UDP)
    assert.deepEqual(show(reply).answer, ['www.example.org. 3600 IN A 192.0.2.7'])
  })
  await t.test('the API server comes', async () => {
    await api.up()
    await api.watches.whenOpen(3)
    // What watches begin with is written a few turns later.
    while ((await isReady()).status !== 200) await new Promise(setImmediate)
    assert.deepEqual(shown(await ask('svc1.testns.svc.cluster.local.')).answer, [
      'svc1.testns.svc.cluster.local. 5 IN A 10.96.0.100',
    ])
    assert.equal(show(await ask('missing.testns.svc.cluster.local.')).rcode, 'NXDOMAIN')
    assert.deepEqual(show(await ask('1.0.96.10.in-addr.arpa.', 'PTR')).answer, [
      '1.0.96.10.in-addr.arpa. 5 IN PTR kubernetes.default.svc.cluster.local.',
    ])
    assert.equal(
      show(await ask('9.9.9.10.in-addr.arpa.', 'PTR')).answer[0],
      '1.0.96.10.in-addr.arpa. 60 IN PTR outside.example.org.',
    )
  })
})
