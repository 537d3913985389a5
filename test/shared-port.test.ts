// Two servers that listen at the same place by SO_REUSEPORT: the second says so. Nobody else hears
// of it.

import assert from 'node:assert/strict'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { test } from 'node:test'
import { canListSockets } from '../src/net/proc-sockets.ts'
import { withoutLibc } from './fakes/loopback.ts'
import { makePair, withoutNamespaces } from './support/network-namespaces.ts'
import { type Cleanup, type ServerProcess, startServer } from './support/server-process.ts'

const SKIP = canListSockets() ? false : 'no /proc/self/net/udp'

const corefile = (port: number, address: string, more = ''): string => {
  const bind = address === '' ? '' : `bind ${address}\n `
  return `.:${port} {\n ${bind}hosts {\n  192.0.2.1 a.test\n }\n}\n${more}`
}

interface Wanted {
  readonly engine: 'mmsg' | 'dgram'
  readonly address?: string
  readonly port?: number
  readonly inside?: readonly string[]
}

const start = (
  t: Cleanup,
  { engine, address = '127.0.0.1', port, inside = [] }: Wanted,
): Promise<ServerProcess> =>
  startServer(t, own => corefile(port ?? own, address), {
    workers: 2,
    args: ['--engine', engine],
    inside,
  })

const warnings = ({ out }: ServerProcess): string[] =>
  out.split('\n').filter(line => line.includes('listens here too'))

const lineFor = (place: string, protocols = 'udp, tcp'): string =>
  `[WARNING] ${place}: another process listens here too (${protocols}), and answers a part of the queries`

for (const engine of ['mmsg', 'dgram'] as const) {
  const limit = { skip: SKIP || (engine === 'mmsg' && withoutLibc), timeout: 60_000 }

  for (const { first, second } of [
    { first: '127.0.0.1', second: '127.0.0.1' },
    { first: '127.0.0.1', second: '' },
    { first: '', second: '127.0.0.1' },
  ])
    test(
      `engine ${engine}: one at ${first || 'every address'}, then one at ${second || 'every address'}`,
      limit,
      async t => {
        const before = await start(t, { engine, address: first })
        const after = await start(t, { engine, address: second, port: before.port })
        assert.deepEqual(warnings(after), [lineFor(`${second}:${before.port}`)])
        assert.deepEqual(warnings(before), [])
      },
    )

  test(
    `engine ${engine}: a reload says nothing, but of what it begins to listen at`,
    limit,
    async t => {
      const before = await start(t, { engine })
      const after = await start(t, { engine, port: before.port })
      const third = await start(t, { engine, address: '127.0.0.2' })
      after.write(corefile(before.port, '127.0.0.1', corefile(third.port, '127.0.0.2')))
      after.child.kill('SIGUSR1')
      await after.seen(/Reloading complete/)
      assert.deepEqual(warnings(after), [
        lineFor(`127.0.0.1:${before.port}`),
        lineFor(`127.0.0.2:${third.port}`),
      ])
    },
  )

  test(
    `engine ${engine}: other addresses, other namespaces and clients are nobody to speak of`,
    limit,
    async t => {
      const before = await start(t, { engine })
      const elsewhere = await start(t, { engine, address: '127.0.0.2', port: before.port })
      const client = createSocket({ type: 'udp4', reusePort: true })
      t.after(() => client.close())
      client.bind(0, '127.0.0.3')
      await once(client, 'listening')
      client.connect(before.port, '127.0.0.1')
      await once(client, 'connect')
      const besideClient = await start(t, {
        engine,
        address: '127.0.0.3',
        port: client.address().port,
      })
      for (const server of [before, elsewhere, besideClient]) assert.deepEqual(warnings(server), [])
    },
  )
}

for (const [first, second] of [
  ['127.0.0.1', '127.0.0.1'],
  ['127.0.0.1', ''],
  ['', '127.0.0.1'],
] as const)
  test(`HTTP: one at ${first || 'every address'}, then one at ${second || 'every address'}`, {
    skip: SKIP,
    timeout: 60_000,
  }, async t => {
    const http = (host: string, health: number, metrics: number, ready: number): string =>
      `health ${host}:${health}\nprometheus ${host}:${metrics}\nready ${host}:${ready}`
    const block = (port: number, lines: string): string =>
      `.:${port} {\nbind 127.0.0.1\n${lines}\nwhoami\n}\n`
    const before = await startServer(
      t,
      (port, ...ports) => block(port, http(first, ports[0]!, ports[1]!, ports[2]!)),
      { ports: 4 },
    )
    const [, ...shared] = before.ports
    const lines = http(second, shared[0]!, shared[1]!, shared[2]!)
    const after = await startServer(t, port => block(port, lines))
    const places = shared.map(port => `${second}:${port}`)
    assert.deepEqual(
      warnings(after).sort(),
      places
        .map(place => lineFor(place, 'tcp').replace('of the queries', 'of the requests'))
        .sort(),
    )
    // What stays open is no news.
    after.write(block(after.port, `${lines}\nerrors`))
    after.child.kill('SIGUSR1')
    await after.seen(/Reloading complete/)
    assert.equal(warnings(after).length, 3)
    assert.deepEqual(warnings(before), [])
  })

test('a server in another network namespace is not met', {
  skip: SKIP || withoutNamespaces,
  timeout: 60_000,
}, async t => {
  const { near, far } = makePair(t)
  const before = await start(t, { engine: 'dgram', address: '', inside: near.inside })
  const after = await start(t, {
    engine: 'dgram',
    address: '',
    port: before.port,
    inside: far.inside,
  })
  for (const server of [before, after]) assert.deepEqual(warnings(server), [])
})
