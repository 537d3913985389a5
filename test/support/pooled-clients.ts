// For the tests of pooled-udp-client.ts: clients of engines in this very process, and upstreams on
// loopback.

import type { TestContext } from 'node:test'
import { systemClock } from '../../src/base/time/clock.ts'
import type { Endpoint } from '../../src/upstream/endpoint.ts'
import { PooledUdpClient } from '../../src/upstream/pooled-udp-client.ts'
import { RelayedQuestion } from '../../src/upstream/relayed-question.ts'
import { SocketAllowance } from '../../src/upstream/socket-allowance.ts'
import { makeEngine, type Running } from '../fakes/engine.ts'
import { type FakeUpstream, fakeUpstream, type Respond } from '../fakes/fake-upstream.ts'
import { withoutLibc } from '../fakes/loopback.ts'
import { query } from './plugin-harness.ts'

export const LIMIT = { skip: withoutLibc, timeout: 20_000 }
export const ANSWER = ['example.org. 300 IN A 192.0.2.1']

export interface Setup {
  readonly upstream: FakeUpstream
  readonly sockets: SocketAllowance
  readonly client: PooledUdpClient
  readonly running: Running
  readonly ignored: () => number
  ask(id?: number): Promise<Uint8Array>
}

export const clientOf = (
  running: Running,
  remote: Endpoint,
  sockets: SocketAllowance,
  more: { ignored?: () => void; from?: string } = {},
) =>
  new PooledUdpClient({
    remote,
    udpPool: running.engine.udpPool,
    sockets,
    clock: systemClock,
    ignored: more.ignored ?? (() => {}),
    sourceAddress: more.from ?? '',
  })

export const engineOf = async (t: TestContext): Promise<Running> => {
  const running = await makeEngine(t)
  running.engine.add(running.socket)
  return running
}

export const setup = async (
  t: TestContext,
  respond: Respond,
  address = '127.0.0.1',
): Promise<Setup> => {
  const upstream = await fakeUpstream(respond, { address })
  t.after(() => upstream.close())
  const running = await engineOf(t)
  const sockets = new SocketAllowance(1024)
  let ignored = 0
  const client = clientOf(running, upstream.endpoint, sockets, { ignored: () => ignored++ })
  t.after(() => client.close())
  const ask = (): Promise<Uint8Array> =>
    client.exchange(
      upstream.endpoint,
      relayed(() => ignored++),
      2000,
    )
  return { upstream, sockets, client, running, ask, ignored: () => ignored }
}

export const relayed = (onIgnored = () => {}): RelayedQuestion => {
  const asked = query('example.org.', 'A')
  return new RelayedQuestion(asked.bytes, asked.question, { ignored: onIgnored })
}
