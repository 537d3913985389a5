// The warm-up of the shards, seen from outside: readiness waits for it, and nothing else shows it.

import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { type TestContext, test } from 'node:test'
import { fakeUpstream, makeCertificate } from './fakes/fake-upstream.ts'
import { DnsClient } from './support/dns-client.ts'
import { enginesHere } from './support/engines-here.ts'
import { show } from './support/messages.ts'
import { PluginFolder } from './support/plugin-folder.ts'
import {
  freePorts,
  startServer,
  temporaryFolder,
  WatchedProcess,
} from './support/server-process.ts'

const get = async (port: number, path: string): Promise<readonly [number, string]> => {
  const response = await fetch(`http://127.0.0.1:${port}${path}`)
  return [response.status, await response.text()]
}

const untilReady = async (port: number): Promise<void> => {
  while ((await get(port, '/ready'))[0] !== 200) {
    // Asked again: it is ready as soon as it says so.
  }
}

/** Counts of queries, answers and traffic that are not 0. */
const counted = (metrics: string): string[] =>
  metrics
    .split('\n')
    .filter(line =>
      /^(coredns_(dns|cache|forward)_|shardns_(udp|tcp|rejected|unsent)_|coredns_panics)/.test(
        line,
      ),
    )
    .filter(line => !/ 0$|_capacity|^coredns_forward_max_concurrent|healthcheck/.test(line))

const upstreams = [
  { name: 'over UDP', to: (port: number) => `127.0.0.1:${port}` },
  { name: 'forced to TCP', to: (port: number) => `127.0.0.1:${port} {\nforce_tcp\n}` },
  { name: 'over TLS', to: (port: number) => `tls://127.0.0.1:${port}`, isTls: true },
]
const certificate = makeCertificate()
for (const engine of enginesHere()) {
  for (const { name, to, isTls = false } of upstreams) {
    const title = `${engine}, an upstream ${name}: no count, no entry, no line and no question of a warm-up is seen`
    const skip = isTls && certificate === undefined ? 'no openssl' : false
    test(title, { skip }, async t => {
      const upstream = await fakeUpstream(
        asked => asked.reply(),
        isTls && certificate !== undefined ? { tls: certificate } : {},
      )
      t.after(() => upstream.close())
      const server = await startServer(
        t,
        (port, ready, metrics) =>
          `.:${port} {\nbind 127.0.0.1\nlog\nerrors\nready 127.0.0.1:${ready}\nprometheus 127.0.0.1:${metrics}\ncache\nloadbalance\nforward . ${to(upstream.port)}\n}\n`,
        { ports: 3, workers: 2, args: ['--engine', engine] },
      )
      const [port = 0, ready = 0, metrics = 0] = server.ports
      await untilReady(ready)
      assert.deepEqual(counted((await get(metrics, '/metrics'))[1]), [])
      assert.deepEqual([upstream.asked.length, upstream.connections.length], [0, 0])
      assert.doesNotMatch(server.out, /warm|WARNING|ERROR|NOERROR|SERVFAIL|NXDOMAIN|REFUSED/)
      if (isTls) return
      const client = await DnsClient.open(t, { port })
      assert.equal(
        show((await client.ask('example.org')) ?? assert.fail('no answer')).rcode,
        'NOERROR',
      )
      assert.equal(upstream.asked.length, 1)
    })
  }
}

interface Cold {
  readonly out: () => string
  readonly ready: number
  readonly port: number
  tell(message: 'warm' | 'die'): void
  line(pattern: RegExp): Promise<void>
}

const startCold = async (t: TestContext): Promise<Cold> => {
  const [port = 0, ready = 0] = await freePorts(2)
  const conf = join(temporaryFolder(t), 'Corefile')
  writeFileSync(conf, `.:${port} {\nbind 127.0.0.1\nready 127.0.0.1:${ready}\nwhoami\n}\n`)
  const child = spawn(process.execPath, [join(import.meta.dirname, 'fakes/cold-server.ts'), conf], {
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
  })
  t.after(() => void child.kill('SIGKILL'))
  let out = ''
  const lines = createInterface(child.stdout!)
  lines.on('line', line => (out += `${line}\n`))
  const line = async (pattern: RegExp): Promise<void> => {
    const { promise, resolve } = Promise.withResolvers<void>()
    const look = (): void => {
      if (pattern.test(out)) resolve()
    }
    lines.on('line', look)
    look()
    await promise
  }
  await line(/^\[INFO\] engine/m)
  return { out: () => out, ready, port, tell: message => void child.send(message), line }
}

test('a server that is not warm answers queries, is not ready, and logs nothing of that', async t => {
  const cold = await startCold(t)
  const client = await DnsClient.open(t, { port: cold.port })
  assert.ok(await client.ask('example.org'))
  assert.deepEqual(await get(cold.ready, '/ready'), [503, 'Warming up'])
  cold.tell('warm')
  await untilReady(cold.ready)
  assert.doesNotMatch(cold.out(), /not ready/)
})

test('readiness does not wait for the warm-up of a successor', async t => {
  const cold = await startCold(t)
  assert.deepEqual(await get(cold.ready, '/ready'), [503, 'Warming up'])
  cold.tell('die')
  await cold.line(/shard 0 died/)
  await untilReady(cold.ready)
})

/** Run before the program, in each of its threads. */
const NO_PORTS = `import net from 'node:net'
const { listen } = net.Server.prototype
net.Server.prototype.listen = function (at, ...more) {
  if (at?.port === 0) throw new Error('no port is free')
  return listen.call(this, at, ...more)
}`

test('a warm-up that fails is one line of each shard, and the server is ready', async t => {
  const [port = 0, ready = 0] = await freePorts(2)
  const conf = join(temporaryFolder(t), 'Corefile')
  writeFileSync(conf, `.:${port} {\nbind 127.0.0.1\nready 127.0.0.1:${ready}\nwhoami\n}\n`)
  const before = ['--import', `data:text/javascript,${encodeURIComponent(NO_PORTS)}`]
  const args = [...before, 'src/cli.ts', '-conf', conf, '--workers', '2']
  const server = new WatchedProcess(t, process.execPath, args)
  await server.seen(/^\[INFO\] engine/m)
  await untilReady(ready)
  await server.seen(/(?:no port is free[\s\S]*){2}/)
  const lines = server.out.match(/^\[WARNING\].*$/gm)
  assert.deepEqual(lines, new Array(2).fill('[WARNING] warm-up failed: no port is free'))
  const client = await DnsClient.open(t, { port })
  assert.ok(await client.ask('example.org'))
})

test('a plugin from outside is not called by a warm-up, and its serve half runs once', async t => {
  const folder = new PluginFolder(t)
  const [port = 0, ready = 0] = await freePorts(2)
  folder.plugin(
    'told',
    `export default {
      serve: (options, scope) => {
        scope.log.info('is served')
        return {
          concerns: () => (scope.log.info('is asked'), true),
          handle: (query, next) => (scope.log.info('is called'), next(query)),
        }
      },
    }`,
    'told.ts',
    ',before=whoami',
  )
  const server = folder.start(
    t,
    `.:${port} {\nbind 127.0.0.1\nready 127.0.0.1:${ready}\ntold\nwhoami\n}\n`,
  )
  await server.seen(/^\[INFO\] engine/m)
  await untilReady(ready)
  const told = (): string[] => server.out.match(/plugin\/told: .*/g) ?? []
  assert.deepEqual(told(), ['plugin/told: is served'])
  const client = await DnsClient.open(t, { port })
  assert.ok(await client.ask('example.org'))
  await server.seen(/is called/)
  assert.ok(told().includes('plugin/told: is asked'))
})
