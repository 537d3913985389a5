// The server as a process: signals, exit codes, what it says and where, and what a reload changes.

import assert from 'node:assert/strict'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { test } from 'node:test'
import { canListSockets } from '../src/net/proc-sockets.ts'
import { enginesHere } from './support/engines-here.ts'
import { query, show } from './support/messages.ts'
import { askTcp, askUdp, holdUdp } from './support/raw-client.ts'
import {
  freePorts,
  launchServer,
  ServerProcess as Server,
  type ServerProcess,
  startServer,
  temporaryFolder,
  WatchedProcess,
} from './support/server-process.ts'
import { ROOT } from './support/source-files.ts'

const LIMIT = { timeout: 15_000 }

/** Answers host.test with `address`. */
const corefile =
  (address = '192.0.2.1') =>
  (port: number): string =>
    `.:${port} {\n bind 127.0.0.1\n hosts {\n  ${address} host.test\n }\n}\n`

const hostTest = async (server: ServerProcess): Promise<readonly string[]> => {
  const [answer] = await askUdp(server.port, [query('host.test').bytes])
  return show(answer!).answer
}

test('says what it serves, then its version; SIGTERM: exit 0', LIMIT, async t => {
  const server = await startServer(t, corefile(), { workers: 2 })
  assert.match(
    server.out,
    new RegExp(
      `^\\.:${server.port} on 127\\.0\\.0\\.1\\nshardns-\\S+ \\(CoreDNS-\\S+ compatible\\)\\n`,
    ),
  )
  assert.deepEqual(await hostTest(server), ['host.test. 3600 IN A 192.0.2.1'])
  assert.equal(await server.stop('SIGTERM'), 0)
  assert.match(server.out, /^\[INFO\] SIGTERM: Shutting down servers then terminating$/m)
  assert.equal(server.err, '')
})

for (const signal of ['SIGINT', 'SIGQUIT'] as const)
  test(`${signal}: exit 0`, LIMIT, async t => {
    const server = await startServer(t, corefile())
    assert.equal(await server.stop(signal), 0)
    assert.match(server.out, new RegExp(`^\\[INFO\\] ${signal}: `, 'm'))
  })

for (const engine of enginesHere())
  test(
    `port 0: one number, which is told, for UDP and TCP and over reloads, engine ${engine}`,
    LIMIT,
    async t => {
      const any = (address: string): string => corefile(address)(0)
      const server = await startServer(t, () => any('192.0.2.1'), {
        workers: 2,
        args: ['-engine', engine],
      })
      const [, port = ''] = /^\.:(\d+) on 127\.0\.0\.1$/m.exec(server.out) ?? []
      const asked = query('host.test').bytes
      for (let source = 0; source < 8; source++)
        for (const ask of [askUdp, askTcp]) {
          const [reply] = await ask(Number(port), [asked])
          assert.deepEqual(show(reply!).answer, ['host.test. 3600 IN A 192.0.2.1'])
        }
      server.write(any('192.0.2.2'))
      server.child.kill('SIGUSR1')
      await server.seen(/^\[INFO\] Reloading complete$/m)
      const [reply] = await askUdp(Number(port), [asked])
      assert.deepEqual(show(reply!).answer, ['host.test. 3600 IN A 192.0.2.2'])
      assert.equal(await server.stop(), 0)
    },
  )

test('the pid file is there while the server runs', LIMIT, async t => {
  const path = join(temporaryFolder(t), 'pid')
  const server = await startServer(t, corefile(), { args: ['-pidfile', path] })
  // Written right behind the version line.
  server.child.kill('SIGUSR1')
  await server.seen(/Reloading complete/)
  assert.equal(readFileSync(path, 'utf8'), `${server.pid}\n`)
  assert.equal(await server.stop(), 0)
  assert.equal(existsSync(path), false)
})

test('SIGUSR1: another answer', LIMIT, async t => {
  const server = await startServer(t, corefile(), { workers: 2 })
  assert.deepEqual(await hostTest(server), ['host.test. 3600 IN A 192.0.2.1'])
  server.write(corefile('192.0.2.2')(server.port))
  server.child.kill('SIGUSR1')
  await server.seen(/^\[INFO\] Reloading complete$/m)
  assert.deepEqual(await hostTest(server), ['host.test. 3600 IN A 192.0.2.2'])
  assert.equal(await server.stop(), 0)
})

test(
  'SIGUSR1 with a Corefile that is wrong: the old one stays, and a right one is taken later',
  LIMIT,
  async t => {
    const server = await startServer(t, corefile())
    server.write('. {\n nonsense\n}\n')
    server.child.kill('SIGUSR1')
    const [line] = await server.seen(/^\[ERROR\] Restart failed: .*\n/m)
    assert.match(line, /Corefile:2 - Error during parsing: Unknown directive 'nonsense'/)
    assert.deepEqual(await hostTest(server), ['host.test. 3600 IN A 192.0.2.1'])
    server.write(corefile('192.0.2.3')(server.port))
    server.child.kill('SIGUSR1')
    await server.seen(/^\[INFO\] Reloading complete$/m)
    assert.deepEqual(await hostTest(server), ['host.test. 3600 IN A 192.0.2.3'])
  },
)

test('SIGUSR1 when ./Corefile has gone: what was served from it stays', LIMIT, async t => {
  const folder = temporaryFolder(t)
  const [port = 0] = await freePorts(1)
  const path = join(folder, 'Corefile')
  writeFileSync(path, corefile()(port))
  const server = new WatchedProcess(t, process.execPath, [join(ROOT, 'src/cli.ts')], folder)
  await server.seen(/^\[INFO\] engine/m)
  rmSync(path)
  server.child.kill('SIGUSR1')
  const [, why] = await server.seen(/^\[ERROR\] Restart failed: (.*)$/m)
  assert.equal(why, 'loading Caddyfile via flag: open Corefile: no such file or directory')
  const [answer] = await askUdp(port, [query('host.test').bytes])
  assert.deepEqual(show(answer!).answer, ['host.test. 3600 IN A 192.0.2.1'])
})

test('SIGUSR1 to a port that is taken: the old Corefile stays', LIMIT, async t => {
  const server = await startServer(t, corefile(), { ports: 2 })
  const taken = server.ports[1]!
  await holdUdp(t, taken)
  server.write(corefile('192.0.2.2')(taken))
  server.child.kill('SIGUSR1')
  const [, address] = await server.seen(
    /^\[ERROR\] Restart failed: ListenPacket: listen udp (\S+): bind: address already in use$/m,
  )
  assert.equal(address, `127.0.0.1:${taken}`)
  assert.deepEqual(await hostTest(server), ['host.test. 3600 IN A 192.0.2.1'])
})

/** CoreDNS's text, and whose port it is where the system tells. */
const heldByThisProcess = (text: string, port: number): RegExp => {
  const hint = `hint: 127.0.0.1:${port} is held by `
  const place = canListSockets() ? `${RegExp.escape(hint)}.* \\(process ${process.pid}\\)\n` : ''
  return new RegExp(`^${RegExp.escape(text)}${place}$`)
}

test('a TCP port in use: stderr, exit 1', LIMIT, async t => {
  const holder = createServer()
  holder.listen(0, '127.0.0.1')
  await once(holder, 'listening')
  t.after(() => void holder.close())
  const { port } = holder.address() as { port: number }
  const server = await launchServer(t, () => corefile()(port))
  assert.equal(await server.exited, 1)
  const text = `Listen: listen tcp 127.0.0.1:${port}: bind: address already in use\n`
  assert.match(server.err, heldByThisProcess(text, port))
  assert.equal(server.out, '')
})

test('a UDP port in use: stderr, exit 1', LIMIT, async t => {
  const holder = createSocket('udp4')
  holder.bind(0, '127.0.0.1')
  await once(holder, 'listening')
  t.after(() => void holder.close())
  const { port } = holder.address()
  const server = await launchServer(t, () => corefile()(port))
  assert.equal(await server.exited, 1)
  const text = `ListenPacket: listen udp 127.0.0.1:${port}: bind: address already in use\n`
  assert.match(server.err, heldByThisProcess(text, port))
})

test('a missing Corefile: stderr, exit 1', LIMIT, async t => {
  const path = join(temporaryFolder(t), 'absent')
  const server = new Server(t, path, [], {})
  assert.equal(await server.exited, 1)
  assert.equal(server.err, `loading Caddyfile via flag: open ${path}: no such file or directory\n`)
  assert.equal(server.out, '')
})

test('a Corefile that is wrong: stderr, exit 1', LIMIT, async t => {
  const server = await launchServer(t, port => `.:${port} {\n nonsense\n}\n`)
  assert.equal(await server.exited, 1)
  assert.match(
    server.err,
    /Corefile:2 - Error during parsing: Unknown directive 'nonsense'\nhint: a plugin from outside is loaded by --plugin nonsense=MODULE\n$/,
  )
})
