// A shard that dies while a configuration is being loaded.

import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { quietPort } from './support/quiet-port.ts'
import { WatchedProcess } from './support/server-process.ts'

test('a shard that dies after it has loaded, and before all have: nobody waits for its successor to commit, and its sockets stay', {
  timeout: 25_000,
}, async t => {
  const folder = mkdtempSync(join(tmpdir(), 'shardns-test-'))
  t.after(() => rmSync(folder, { recursive: true }))
  const conf = join(folder, 'Corefile')
  writeFileSync(conf, `.:${quietPort()} {\nbind 127.0.0.1\nwhoami\n}\n`)
  const server = new WatchedProcess(t, process.execPath, [
    join(import.meta.dirname, 'fakes/late-server.ts'),
    conf,
  ])
  await server.seen(/shard 0 died/)
  await server.seen(/^\[INFO\] engine/m)
  await server.stop()
  assert.deepEqual(server.out.match(/^\[ERROR\] (?!shard 0 died).*/gm), null)
})
