// What the network refuses: whose exchange ends by it, and whose goes on.

import assert from 'node:assert/strict'
import { createSocket, type RemoteInfo, type Socket } from 'node:dgram'
import { once } from 'node:events'
import test, { type TestContext } from 'node:test'
import { answerTo } from '../../test/fakes/fake-upstream.ts'
import { withoutIpv6, withoutLibc } from '../../test/fakes/loopback.ts'
import { show } from '../../test/support/plugin-harness.ts'
import { ANSWER, clientOf, engineOf, LIMIT, relayed } from '../../test/support/pooled-clients.ts'
import { quietPort } from '../../test/support/quiet-port.ts'
import { systemClock } from '../base/time/clock.ts'
import type { UdpPoolEvents } from '../chain/plugin/udp-pool.ts'
import { makeEndpoint } from './endpoint.ts'
import { PooledUdpClient } from './pooled-udp-client.ts'
import { SocketAllowance } from './socket-allowance.ts'

/** A socket that upstreams listen at, and whoever takes its port over when it is closed. */
const listenAt = async (t: TestContext, port: number, isV6: boolean): Promise<Socket> => {
  const socket = createSocket(isV6 ? 'udp6' : 'udp4')
  socket.bind(port, isV6 ? '::1' : '127.0.0.1')
  await once(socket, 'listening')
  t.after(() => {
    if (isOpen(socket)) socket.close()
  })
  return socket
}
const isOpen = (socket: Socket): boolean => {
  try {
    return socket.address().port > 0
  } catch {
    return false
  }
}

for (const isV6 of [false, true])
  test(`a refused question over IPv${isV6 ? 6 : 4} ends alone: replies to others on its socket are taken`, {
    ...LIMIT,
    skip: withoutLibc || (isV6 && withoutIpv6),
  }, async t => {
    const running = await engineOf(t)
    const first = await listenAt(t, quietPort(), isV6)
    const { port } = first.address()
    const remote = makeEndpoint('dns', isV6 ? '::1' : '127.0.0.1', port)
    // One socket for all of them.
    const client = clientOf(running, remote, new SocketAllowance(1))
    t.after(() => client.close())
    const asked: { bytes: Uint8Array; from: RemoteInfo }[] = []
    const bothAsked = new Promise<void>(resolve =>
      first.on('message', (bytes, from) => {
        if (asked.push({ bytes: Uint8Array.from(bytes), from }) === 2) resolve()
      }),
    )
    const waiting = [relayed(), relayed()].map(question =>
      client.exchange(remote, question, 15_000),
    )
    await bothAsked
    first.close()
    await once(first, 'close')
    const refused = [relayed(), relayed()].map(question =>
      client.exchange(remote, question, 15_000),
    )
    for (const exchange of refused)
      await assert.rejects(exchange, { kind: 'io', message: /read: connection refused$/ })
    const second = await listenAt(t, port, isV6)
    for (const { bytes, from } of asked)
      second.send(answerTo(bytes, { answer: ANSWER }), from.port, from.address)
    for (const reply of await Promise.all(waiting)) assert.deepEqual(show(reply).answer, ANSWER)
    assert.equal(new Set(asked.map(({ from }) => from.port)).size, 1)
  })

test('an error that does not say whose it is ends an exchange that is alone on its socket, and none of several', async () => {
  let events: UdpPoolEvents | undefined
  const pooled = {
    choose: () => 1,
    send: () => {},
    settled: () => {},
    stranger: () => 0,
    path: () => 'a->b',
  }
  const udpPool = {
    isOpen: true,
    open: (_remote: unknown, _source: string, told: UdpPoolEvents) => {
      events = told
      return { ...pooled, sweep: () => {}, close: () => {} }
    },
  }
  const remote = makeEndpoint('dns', '192.0.2.1', 53)
  const client = new PooledUdpClient({
    remote,
    udpPool,
    sockets: new SocketAllowance(4),
    clock: systemClock,
    ignored: () => {},
    sourceAddress: '',
  })
  const [first, second] = [relayed(), relayed()]
  const over: string[] = []
  const note = (name: string) => (error: Error) => void over.push(`${name}: ${error.message}`)
  const one = client.exchange(remote, first, 60_000).catch(note('one'))
  const two = client.exchange(remote, second, 60_000).catch(note('two'))
  events!.refused(1, -1, 'ECONNREFUSED')
  events!.refused(1, second.id, 'ECONNREFUSED')
  await two
  assert.deepEqual(over, ['two: read udp a->b: read: connection refused'])
  events!.refused(1, -1, 'ECONNREFUSED')
  await one
  assert.deepEqual(over.slice(1), ['one: read udp a->b: read: connection refused'])
})
