// Two clients ask for the same name at once, one of them in an odd way, and the upstream holds its
// answers back until both questions are with it: what the odd one gets is nobody else's.

import assert from 'node:assert/strict'
import { createSocket, type Socket } from 'node:dgram'
import { once } from 'node:events'
import { type TestContext, test } from 'node:test'
import { FLAG_RD, getArcount, getFlags } from '../src/wire/header.ts'
import {
  type Asked,
  closedPort,
  type FakeUpstream,
  fakeUpstream,
  type Respond,
} from './fakes/fake-upstream.ts'
import {
  type QueryOptions,
  query,
  type ReplyOptions,
  type Shown,
  show,
} from './support/messages.ts'
import { type Served, served } from './support/served.ts'

const NAMES = Array.from({ length: 12 }, (_, n) => `n${n}.example.org.`)
const LIMIT = { timeout: 60_000 }

interface World {
  readonly upstream: FakeUpstream
  readonly server: Served
  ask(name: string, options: QueryOptions): Promise<Shown>
}

const start = async (t: TestContext, respond: Respond): Promise<World> => {
  const upstream = await fakeUpstream(respond)
  t.after(upstream.close)
  const port = await closedPort()
  const text = `.:${port} {\nbind 127.0.0.1\nerrors\nprometheus 127.0.0.1:0\ncache 30\nforward . ${upstream.endpoint.name}\n}\n`
  const server = await served(t, text)
  return { upstream, server, ask: (name, options) => askOnce(t, port, name, options) }
}

/** From a socket of its own, so that any shard may get it. */
const askOnce = async (
  t: TestContext,
  port: number,
  name: string,
  options: QueryOptions,
): Promise<Shown> => {
  const socket: Socket = createSocket('udp4')
  t.after(() => {
    if (!isClosed) socket.close()
  })
  let isClosed = false
  socket.send(query(name, 'A', options).bytes, port, '127.0.0.1')
  const [reply] = await once(socket, 'message')
  isClosed = true
  socket.close()
  return show(new Uint8Array(reply))
}

const address = (name: string): string => `${name} 30 IN A 192.0.2.1`
const nameOf = (asked: Asked): string => show(asked.bytes).question.split(' ')[0]!
/** 60 addresses: too many for 512 bytes, not for 4096. */
const many = (name: string): string[] =>
  Array.from({ length: 60 }, (_, n) => `${name} 30 IN A 192.0.2.${n}`)

const odd: {
  name: string
  query: QueryOptions
  plain?: QueryOptions
  says: (asked: Asked, isOdd: boolean) => ReplyOptions
}[] = [
  {
    name: 'RD=0, which the upstream refuses',
    query: { rd: false },
    says: (asked, isOdd) => (isOdd ? { rcode: 'REFUSED' } : { answer: [address(nameOf(asked))] }),
  },
  {
    name: 'RD=0 with EDNS',
    query: { rd: false, udpSize: 1232 },
    says: (asked, isOdd) => (isOdd ? { rcode: 'REFUSED' } : { answer: [address(nameOf(asked))] }),
  },
  {
    name: 'a record in additional',
    query: { additional: ['x.example.org. 1 IN A 192.0.2.9'] },
    says: (asked, isOdd) => (isOdd ? { rcode: 'FORMERR' } : { answer: [address(nameOf(asked))] }),
  },
  {
    name: 'an unknown option',
    query: { options: [{ code: 65001, data: '00' }] },
    says: (asked, isOdd) => (isOdd ? { rcode: 'FORMERR' } : { answer: [address(nameOf(asked))] }),
  },
  {
    name: 'no EDNS, and the answer is large',
    query: {},
    plain: { udpSize: 4096 },
    says: (asked, isOdd) => (isOdd ? { tc: true } : { answer: many(nameOf(asked)) }),
  },
]

for (const c of odd) {
  test(`two clients: ${c.name}: the other one gets the whole right answer`, LIMIT, async t => {
    const oddBytes = query('x.', 'A', c.query).bytes
    const isOdd = ({ bytes }: Asked): boolean =>
      (getFlags(bytes, 0) & FLAG_RD) === (getFlags(oddBytes, 0) & FLAG_RD) &&
      getArcount(bytes, 0) === getArcount(oddBytes, 0)
    const held = new Map<string, Asked[]>()
    const { ask, upstream } = await start(t, asked => {
      const both = held.get(nameOf(asked)) ?? []
      held.set(nameOf(asked), both)
      both.push(asked)
      if (both.length === 2)
        for (const one of both) one.reply({ ra: true, ...c.says(one, isOdd(one)) })
    })
    for (const name of NAMES) {
      const first = ask(name, c.query)
      while (!held.has(name)) await new Promise(setImmediate)
      const second = await ask(name, c.plain ?? {})
      assert.equal(second.rcode, 'NOERROR')
      assert.deepEqual(second.answer, c.plain === undefined ? [address(name)] : many(name))
      assert.doesNotMatch(second.flags, /tc/)
      await first
    }
    assert.equal(upstream.asked.length, 2 * NAMES.length)
  })
}

test(
  'two clients: one over TCP whose attempt fails leaves the other its answer over UDP',
  LIMIT,
  async t => {
    const { ask } = await start(t, asked =>
      asked.transport === 'tcp'
        ? asked.hangUp()
        : asked.reply({ answer: [address(nameOf(asked))] }),
    )
    for (const name of NAMES) assert.deepEqual((await ask(name, {})).answer, [address(name)])
  },
)

test(
  '500 clients and a silent upstream: it is asked twice at most, and all are told in time',
  LIMIT,
  async t => {
    const { ask, upstream } = await start(t, () => undefined)
    const answers = await Promise.all(
      Array.from({ length: 500 }, (_, id) => ask('silent.example.org.', { id })),
    )
    assert.deepEqual([...new Set(answers.map(({ rcode }) => rcode))], ['SERVFAIL'])
    // Beside the probes that find out whether it lives.
    const asked = upstream.asked.filter(one => nameOf(one) === 'silent.example.org.').length
    assert.ok(asked >= 1 && asked <= 2, `asked ${asked} times`)
  },
)

test('500 clients and one slow upstream: it is asked once', LIMIT, async t => {
  const release = Promise.withResolvers<void>()
  const { ask, upstream } = await start(
    t,
    asked => void release.promise.then(() => asked.reply({ answer: [address(nameOf(asked))] })),
  )
  const answers = Array.from({ length: 500 }, (_, id) => ask('slow.example.org.', { id }))
  // Whatever is asked after these has been received after them by the same two sockets, and cannot
  // be answered before the upstream is asked.
  while (upstream.asked.length === 0) await new Promise(setImmediate)
  release.resolve()
  for (const { answer } of await Promise.all(answers)) {
    // Those that are received once it has answered have it from the cache, perhaps aged.
    const [, ttl = '', rest] = /^slow\.example\.org\. (\d+) (.*)$/.exec(answer.join()) ?? []
    assert.equal(rest, 'IN A 192.0.2.1')
    assert.ok(Number(ttl) > 0 && Number(ttl) <= 30, ttl)
  }
  assert.equal(upstream.asked.length, 1)
})

const NOISE: { name: string; send: (asked: Asked) => void; rcode: string }[] = [
  {
    name: 'REFUSED in a header alone',
    send: ({ bytes, send }) =>
      send(Uint8Array.of(bytes[0]!, bytes[1]!, 0x81, 5, 0, 0, 0, 0, 0, 0, 0, 0)),
    rcode: 'REFUSED',
  },
  {
    name: 'FORMERR without a question',
    send: ({ bytes, send }) =>
      send(Uint8Array.of(bytes[0]!, bytes[1]!, 0x81, 1, 0, 0, 0, 0, 0, 0, 0, 0)),
    rcode: 'FORMERR',
  },
  {
    name: 'noise',
    send: ({ bytes, send }) =>
      send(Uint8Array.of(...bytes.subarray(0, 2), 0x81, 0x80, 0, 1, 0, 9, 0, 0, 0, 0, 1, 2, 3)),
    rcode: 'SERVFAIL',
  },
]

for (const { name, send, rcode } of NOISE) {
  test(
    `an upstream that answers ${name}, over UDP and TCP: ${rcode}, and no panic`,
    LIMIT,
    async t => {
      const { ask, server } = await start(t, send)
      for (const options of [{}, { udpSize: 1232 }])
        assert.equal((await ask(`a.${rcode}.example.org.`, options)).rcode, rcode)
      assert.equal(server.count(/panic/), 0)
    },
  )
}
