// What a sidecar or a ztunnel needs of the server behind it: answers that fit, that come in time,
// that can be cached, from cold source ports.

import assert from 'node:assert/strict'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { after, before, describe, test } from 'node:test'
import { type Asked, closedPort, type FakeUpstream, fakeUpstream } from './fakes/fake-upstream.ts'
import { type KubeApi, startKubeApi } from './fakes/kube-api/api-server.ts'
import { withoutLibc } from './fakes/loopback.ts'
import {
  generation,
  nameOf,
  namespace,
  service,
  services,
  slice,
} from './support/kubernetes-fault-objects.ts'
import {
  type ClusterPorts,
  type ClusterServer,
  podEnvironment,
  startCluster,
  until,
} from './support/kubernetes-fault-server.ts'
import { query, show } from './support/messages.ts'
import { askTcp, askUdp } from './support/raw-client.ts'
import type { Cleanup } from './support/server-process.ts'

/** The agent gives up after 5 s, most resolvers of pods before. */
const CLIENT_LIMIT_MS = 2000
const ENDPOINTS = 100
const SUFFIXES = ['shop.svc', 'svc', 'east', 'west', 'pods.svc']
  .map(label => `${label}.cluster.local.`)
  .concat('cluster.local.')
const SOA = 'example.org. 60 IN SOA ns.example.org. hostmaster.example.org. 1 7200 3600 86400 60'
const OUTSIDE = 'www.example.org.'

/** The six parts of a Corefile of a cluster, with this upstream. */
const corefile =
  (upstream: string) =>
  ({ dns, ready, metrics }: ClusterPorts): string =>
    `.:${dns} {
bind 127.0.0.1
errors
ready 127.0.0.1:${ready}
kubernetes cluster.local in-addr.arpa ip6.arpa {
pods insecure
fallthrough in-addr.arpa ip6.arpa
startup_timeout 300ms
}
prometheus 127.0.0.1:${metrics}
forward . ${upstream} {
max_concurrent 1000
}
cache 30
loadbalance
}
`

/** An answer to each question with the address family that it is for. */
const answering = (asked: Asked): void => {
  const { question } = show(asked.bytes)
  const [name, , type] = question.split(' ')
  if (!question.startsWith(OUTSIDE)) asked.reply({ rcode: 'NXDOMAIN', authority: [SOA] })
  else
    asked.reply({
      answer: [`${name} 60 IN ${type} ${type === 'AAAA' ? '2001:db8::1' : '192.0.2.1'}`],
    })
}

/** Hooks of a suite in the shape that starters want. */
const cleanup = (): Cleanup & { run(): Promise<void> } => {
  const tasks: (() => void | Promise<void>)[] = []
  return {
    after: task => void tasks.unshift(task),
    run: async () => {
      for (const task of tasks) await task()
    },
  }
}

/** One question, one try, from a new port; undefined if nothing comes in time. */
const askOnce = async (
  port: number,
  name: string,
  limitMs: number,
): Promise<string | undefined> => {
  const socket = createSocket('udp4')
  const { promise, resolve } = Promise.withResolvers<string | undefined>()
  socket.on('message', bytes => resolve(show(bytes).rcode))
  socket.connect(port, '127.0.0.1')
  await once(socket, 'connect')
  const timer = setTimeout(resolve, limitMs, undefined)
  try {
    socket.send(query(name).bytes)
    return await promise
  } finally {
    clearTimeout(timer)
    socket.close()
  }
}

describe('behind Istio', () => {
  const ends = cleanup()
  let api: KubeApi
  let upstream: FakeUpstream
  let server: ClusterServer
  before(async () => {
    api = await startKubeApi(ends, {
      manifests: [
        namespace(),
        ...services('one', 0, 2),
        service('pool', 'None'),
        slice('pool', generation(1, ENDPOINTS)),
      ],
    })
    upstream = await fakeUpstream(answering)
    ends.after(() => upstream.close())
    const environment = podEnvironment(api.port, api.podFolder().path)
    server = await startCluster(ends, corefile(`127.0.0.1:${upstream.port}`), { environment })
  })
  after(() => ends.run())

  for (const udpSize of [undefined, 512, 800, 1232, 4096])
    test(`1: an answer is never larger than ${udpSize ?? 'what a client without EDNS takes'}, and TCP has all of it`, async () => {
      const { bytes } = query(nameOf('pool'), 'A', udpSize === undefined ? {} : { udpSize })
      const [reply] = await askUdp(server.ports.dns, [bytes])
      assert.ok(reply!.length <= (udpSize ?? 512), `${reply!.length} bytes`)
      const shown = show(reply!)
      const isWhole = shown.answer.length === ENDPOINTS
      assert.equal(
        /\btc\b/.test(shown.flags),
        !isWhole,
        `${shown.flags} with ${shown.answer.length} records`,
      )
      assert.equal(isWhole, udpSize === 4096)
      const [whole] = await askTcp(server.ports.dns, [bytes])
      assert.equal(new Set(show(whole!).answer).size, ENDPOINTS)
    })

  test('3: what has no records of a type is answered with the SOA', async () => {
    for (const name of [
      nameOf('one-0'),
      nameOf('pool'),
      'shop.svc.cluster.local.',
      'cluster.local.',
    ]) {
      const { rcode, answer, authority } = await server.ask(name, 'AAAA')
      assert.deepEqual([rcode, answer, authority.length], ['NOERROR', [], 1], name)
      assert.match(authority[0] ?? '', /^cluster\.local\. \d+ IN SOA /)
    }
  })

  test('4: thousands of questions, each from a port of its own, are all answered', {
    timeout: 30_000,
  }, async () => {
    const [count, atOnce] = [5000, 50]
    let asked = 0
    const ask = async (): Promise<void> => {
      while (asked < count) {
        const { bytes } = query(nameOf(`one-${asked % 2}`), 'A', { id: asked++ })
        const [reply] = await askUdp(server.ports.dns, [bytes])
        assert.equal(show(reply!).answer.length, 1)
      }
    }
    await Promise.all(Array.from({ length: atOnce }, ask))
    assert.equal(asked, count)
  })

  test('5: A and AAAA in one go are both answered', async () => {
    for (const [name, addresses] of [
      [nameOf('one-0'), ['10.96.0.0']],
      [OUTSIDE, ['192.0.2.1', '2001:db8::1']],
    ] as const) {
      const pair = [query(name, 'A', { id: 1 }).bytes, query(name, 'AAAA', { id: 2 }).bytes]
      const replies = (await askUdp(server.ports.dns, pair, 2))
        .map(show)
        .toSorted((a, b) => a.id - b.id)
      assert.deepEqual(
        [replies.map(({ id }) => id), replies.map(({ rcode }) => rcode)],
        [
          [1, 2],
          ['NOERROR', 'NOERROR'],
        ],
      )
      assert.deepEqual(
        replies.flatMap(({ answer }) => answer.map(record => record.split(' ').at(-1))),
        addresses,
      )
    }
  })

  test('6: a name that is tried with six suffixes costs one question upstream', async () => {
    upstream.asked.length = 0
    const name = `search.${OUTSIDE}`
    for (const suffix of SUFFIXES) {
      const { rcode, authority } = await server.ask(`${name}${suffix}`)
      assert.deepEqual([rcode, authority.length], ['NXDOMAIN', 1], suffix)
    }
    assert.equal(SUFFIXES.length, 6)
    assert.equal(upstream.asked.length, 0)
    await server.ask(name)
    await server.ask(name)
    assert.deepEqual(
      upstream.asked.map(({ bytes }) => show(bytes).question),
      [`${name} IN A`],
    )
  })
})

describe('2: what cannot be answered is refused while the client still listens', {
  concurrency: 2,
}, () => {
  const askInTime = (port: number, name: string): Promise<string | undefined> =>
    askOnce(port, name, CLIENT_LIMIT_MS)

  test('an upstream that is not there, and a cluster that is not known yet', async t => {
    const api = await startKubeApi(t)
    await api.down()
    const environment = podEnvironment(api.port, api.podFolder().path)
    const server = await startCluster(t, corefile(`127.0.0.1:${await closedPort()}`), {
      environment,
    })
    await Promise.all(
      Array.from({ length: 20 }, async () =>
        assert.equal(await askInTime(server.ports.dns, nameOf('x')), 'SERVFAIL'),
      ),
    )
    for (const name of ['a', 'b', 'c'])
      assert.equal(await askInTime(server.ports.dns, `${name}.example.org.`), 'SERVFAIL')
  })

  test('an upstream that says nothing: bounded by its own deadline, while the cluster answers at once', async t => {
    const upstream = await fakeUpstream(() => undefined)
    t.after(() => upstream.close())
    const api = await startKubeApi(t, { manifests: [namespace(), ...services('one', 0, 1)] })
    const environment = podEnvironment(api.port, api.podFolder().path)
    const server = await startCluster(t, corefile(`127.0.0.1:${upstream.port}`), { environment })
    const startMs = performance.now()
    const late = server.ask(OUTSIDE)
    await until('a question upstream', () => upstream.asked.length > 0)
    assert.equal(await askInTime(server.ports.dns, nameOf('one-0')), 'NOERROR')
    assert.equal(await askInTime(server.ports.dns, nameOf('missing')), 'NXDOMAIN')
    assert.equal((await late).rcode, 'SERVFAIL')
    t.diagnostic(`answered after ${Math.round(performance.now() - startMs)} ms`)
  })
})

// With dgram what waits at the sockets of a shard that hangs is lost.
const WITH_MMSG = { skip: withoutLibc }
test(
  '4: cold ports are spread over the shards: with one of two standing still, the other answers its share',
  WITH_MMSG,
  async t => {
    const count = 200
    const api = await startKubeApi(t, { manifests: [namespace(), ...services('one', 0, 1)] })
    const environment = podEnvironment(api.port, api.podFolder().path)
    const server = await startCluster(t, corefile(`127.0.0.1:${await closedPort()}`), {
      environment,
    })
    const { dns } = server.ports
    server.fault(0, 'hang')
    // From then on it answers nobody; it is replaced once it has used up a second.
    await server.line(/^test: shard 0 is told to hang$/)
    let answered = 0
    const replies = Array.from({ length: count }, async () => {
      assert.equal(await askOnce(dns, nameOf('one-0'), 10_000), 'NOERROR')
      answered++
    })
    await server.line(/^\[ERROR\] shard 0 does not respond: replacing it$/)
    const early = answered
    await Promise.all(replies)
    assert.ok(early > 0 && early < count, `${early} of ${count}`)
  },
)
