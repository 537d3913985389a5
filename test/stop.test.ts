// What becomes of questions when the server stops, moves or starts: whatever has been taken in is
// answered, and what comes too late is refused by the kernel, so that a client need not wait to
// find out.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import { connect } from 'node:net'
import { constants } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { type Asked, type FakeUpstream, fakeUpstream } from './fakes/fake-upstream.ts'
import { withoutLibc } from './fakes/loopback.ts'
import { query, show } from './support/messages.ts'
import { askOverTcp, askOverUdp, type Fate } from './support/one-shot.ts'
import {
  launchServer,
  type ServerProcess,
  startServer,
  temporaryFolder,
} from './support/server-process.ts'

const LIMIT = { timeout: 60_000 }
const ENGINES = ['mmsg', 'dgram'] as const

const upstreamThatWaits = async (
  t: TestContext,
): Promise<{ upstream: FakeUpstream; held: Asked[]; release(): void }> => {
  const held: Asked[] = []
  let isReleased = false
  const answer = (asked: Asked): void => {
    const name = show(asked.bytes).question.split(' ')[0]
    asked.reply({ ra: true, answer: [`${name} 60 IN A 192.0.2.7`] })
  }
  const upstream = await fakeUpstream(asked => (isReleased ? answer(asked) : void held.push(asked)))
  t.after(upstream.close)
  const release = (): void => {
    isReleased = true
    for (const asked of held) answer(asked)
  }
  return { upstream, held, release }
}

const message = (name: string, id = 1): Uint8Array => query(name, 'A', { id }).bytes
const rcodeOf = (fate: Fate): string => (typeof fate === 'string' ? fate : show(fate).rcode)

/** Three over UDP and three over TCP, all of them with the upstream when this resolves. */
const sixInFlight = async (
  port: number,
  held: readonly Asked[],
  label = 'slow',
): Promise<Promise<Fate>[]> => {
  const before = held.length
  const asked = [askOverUdp, askOverUdp, askOverUdp, askOverTcp, askOverTcp, askOverTcp].map(
    (ask, n) => ask(port, message(`${label}${n}.example.org.`)),
  )
  while (held.length < before + 6) await new Promise(setImmediate)
  return asked
}

const rcodes = async (fates: readonly Promise<Fate>[]): Promise<string[]> =>
  (await Promise.all(fates)).map(rcodeOf)
const SIX = Array(6).fill('NOERROR')

for (const engine of ENGINES) {
  const limit = { ...LIMIT, skip: engine === 'mmsg' && withoutLibc }
  for (const workers of [1, 2]) {
    test(
      `SIGTERM: six questions under way are answered, and new ones meanwhile: ${engine}, ${workers} shards`,
      limit,
      async t => {
        const { upstream, held, release } = await upstreamThatWaits(t)
        const server = await startServer(
          t,
          port =>
            `.:${port} {\nbind 127.0.0.1\nhosts {\n192.0.2.1 host.test\nfallthrough\n}\nforward . ${upstream.endpoint.name}\n}\n`,
          { workers, args: ['--engine', engine] },
        )
        const slow = await sixInFlight(server.port, held)
        server.child.kill('SIGTERM')
        await server.seen(/SIGTERM: Shutting down/)
        // A shard that has nothing under way may have left already: one of two answers.
        const meanwhile = await rcodes(
          [askOverUdp, askOverTcp].map(ask => ask(server.port, message('host.test.'))),
        )
        assert.deepEqual(meanwhile, ['NOERROR', 'NOERROR'])
        release()
        assert.deepEqual(await rcodes(slow), SIX)
        assert.equal(await server.exited, 0)
        assert.doesNotMatch(server.out, /\[ERROR\]/)
        assert.deepEqual(await rcodes([askOverUdp(server.port, message('a.'))]), ['refused'])
      },
    )
  }

  test(
    `a reload that listens elsewhere: six questions under way are answered, the old port is closed: ${engine}`,
    limit,
    async t => {
      const { upstream, held, release } = await upstreamThatWaits(t)
      const corefile = (port: number): string =>
        `.:${port} {\nbind 127.0.0.1\nforward . ${upstream.endpoint.name}\n}\n`
      const server = await startServer(t, corefile, {
        ports: 2,
        workers: 2,
        args: ['--engine', engine],
      })
      const [first = 0, second = 0] = server.ports
      const slow = await sixInFlight(first, held)
      server.write(corefile(second))
      server.child.kill('SIGUSR1')
      await server.seen(/Reloading complete/)
      const late = await sixInFlight(second, held, 'late')
      if (engine === 'mmsg')
        assert.deepEqual(
          await rcodes([askOverUdp, askOverTcp].map(ask => ask(first, message('a.')))),
          ['refused', 'refused'],
        )
      release()
      assert.deepEqual(await rcodes([...slow, ...late]), [...SIX, ...SIX])
      // And back: the port is opened anew.
      server.write(corefile(first))
      server.child.kill('SIGUSR1')
      await server.seen(/Reloading complete[\s\S]*Reloading complete/)
      assert.deepEqual(
        await rcodes([askOverUdp(first, message('b.')), askOverTcp(first, message('c.'))]),
        ['NOERROR', 'NOERROR'],
      )
      assert.equal(await server.stop(), 0)
    },
  )

  for (const [transport, ask] of Object.entries(
    engine === 'mmsg' ? { UDP: askOverUdp, TCP: askOverTcp } : { UDP: askOverUdp },
  ))
    test(
      `a stop under load: each question is answered, or refused by a closed port: ${engine}, ${transport}`,
      limit,
      async t => {
        const server = await startServer(t, port => `.:${port} {\nbind 127.0.0.1\nwhoami\n}\n`, {
          workers: 2,
          args: ['--engine', engine],
        })
        const fates: Promise<Fate>[] = []
        const timer = setInterval(() => {
          for (let n = 0; n < 10; n++)
            fates.push(ask(server.port, message('load.example.org.', fates.length & 0xffff)))
        }, 5)
        while (fates.length < 300) await new Promise(setImmediate)
        server.child.kill('SIGTERM')
        const code = await server.exited
        const atExit = fates.length
        while (fates.length < atExit + 50) await new Promise(setImmediate)
        clearInterval(timer)
        const seen = new Set(await rcodes(fates))
        assert.equal(code, 0)
        assert.deepEqual([...seen].toSorted(), ['NOERROR', 'refused'])
      },
    )

  test(
    `during the start a TCP client is refused or answered, never reset: ${engine}`,
    limit,
    async t => {
      const server = await launchServer(t, port => `.:${port} {\nbind 127.0.0.1\nwhoami\n}\n`, {
        workers: 2,
        args: ['--engine', engine],
      })
      const fates: string[] = []
      while (fates.filter(fate => fate === 'NOERROR').length < 20) {
        fates.push(rcodeOf(await askOverTcp(server.port, message('start.example.org.'))))
        if (fates.at(-1) !== 'NOERROR') continue
        // Whoever finds TCP open finds UDP open, too.
        assert.deepEqual(await rcodes([askOverUdp(server.port, message('start.example.org.'))]), [
          'NOERROR',
        ])
      }
      assert.deepEqual([...new Set(fates)].toSorted(), ['NOERROR', 'refused'])
      assert.equal(await server.stop(), 0)
    },
  )
}

test(
  'SIGINT while SIGTERM waits in lameduck: it is served to its end, exit 0, no pid file is left',
  LIMIT,
  async t => {
    const path = join(temporaryFolder(t), 'pid')
    const server = await startServer(
      t,
      (port, health) =>
        `.:${port} {\nbind 127.0.0.1\nhealth 127.0.0.1:${health} {\nlameduck 1s\n}\nwhoami\n}\n`,
      { ports: 2, args: ['-pidfile', path] },
    )
    server.child.kill('SIGTERM')
    await server.seen(/Going into lameduck mode for 1s/)
    server.child.kill('SIGINT')
    await server.seen(/SIGINT: Shutting down/)
    assert.deepEqual(await rcodes([askOverUdp(server.port, message('a.'))]), ['NOERROR'])
    assert.equal(await server.exited, 0)
    assert.equal(existsSync(path), false)
  },
)

for (const signal of ['SIGTERM', 'SIGINT', 'SIGQUIT'] as const)
  test(
    `${signal} during the start leaves no pid file, and nothing is said behind it`,
    LIMIT,
    async t => {
      const path = join(temporaryFolder(t), 'pid')
      const server = await launchServer(
        t,
        port => `.:${port} {\nbind 127.0.0.1\nlog\nwhoami\n}\n`,
        {
          workers: 2,
          args: ['-pidfile', path],
        },
      )
      await untilSignalsAreTaken(server)
      server.child.kill(signal)
      assert.equal(await server.exited, 0)
      assert.equal(existsSync(path), false)
      assert.match(server.out, new RegExp(`^\\[INFO\\] ${signal}: .*\\n$`))
    },
  )

for (const signal of ['SIGUSR1', 'SIGUSR2', 'SIGHUP'] as const)
  test(
    `${signal} early in the start is passed over: the server comes up, and no debugger`,
    LIMIT,
    async t => {
      const server = await launchServer(t, port => `.:${port} {\nbind 127.0.0.1\nwhoami\n}\n`)
      await untilCaught(server, signal)
      server.child.kill(signal)
      await server.seen(/engine /)
      assert.deepEqual(await rcodes([askOverUdp(server.port, message('a.'))]), ['NOERROR'])
      assert.equal(await server.stop(), 0)
      assert.equal(server.err, '')
    },
  )

test(
  "SIGUSR1 before we have a handler opens Node's debugger, and that is closed again",
  LIMIT,
  async t => {
    const server = await launchServer(t, port => `.:${port} {\nbind 127.0.0.1\nwhoami\n}\n`)
    await untilCaught(server, 'SIGUSR1', true)
    server.child.kill('SIGUSR1')
    await server.seen(/engine /)
    const [, port] = /^Debugger listening on ws:\/\/127\.0\.0\.1:(\d+)/m.exec(server.err) ?? []
    // Sometimes ours is there before the signal.
    if (port !== undefined)
      await assert.rejects(once(connect(Number(port), '127.0.0.1'), 'connect'), {
        code: 'ECONNREFUSED',
      })
    server.child.kill('SIGUSR1')
    await server.seen(/Reloading complete/)
    assert.equal(await server.stop(), 0)
  },
)

/** SIGTERM, SIGINT and SIGQUIT are taken at once, the last of them is no default of Node's. */
const untilSignalsAreTaken = (server: ServerProcess): Promise<void> =>
  untilCaught(server, 'SIGQUIT')

/**
 * Resolves once the process has a handler for the signal: its own, or that which Node has from its
 * first moment.
 */
const untilCaught = async (
  server: ServerProcess,
  signal: NodeJS.Signals,
  byNode = false,
): Promise<void> => {
  for (;;) {
    const caught =
      /^SigCgt:\s*([0-9a-f]+)$/m.exec(readFileSync(`/proc/${server.pid}/status`, 'utf8'))?.[1] ??
      '0'
    // Bit n - 1 stands for signal n. Node's own handler for SIGUSR1 is there from its first moment;
    // ours for SIGUSR2 comes right behind ours for it.
    const number = constants.signals[signal === 'SIGUSR1' && !byNode ? 'SIGUSR2' : signal]
    if ((BigInt(`0x${caught}`) & (1n << BigInt(number - 1))) !== 0n) return
    await new Promise(setImmediate)
  }
}
