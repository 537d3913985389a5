// A start with too little of what the system gives: one sentence says what is short, and nothing is
// blamed for it.

import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { freePorts, temporaryFolder, WatchedProcess } from './support/server-process.ts'

const LIMIT = { skip: process.platform !== 'linux' && 'Linux only', timeout: 30_000 }
/** Fewer do not do for Node. */
const NODE_DESCRIPTORS = 22

const start = async (t: TestContext, descriptors: number): Promise<WatchedProcess> => {
  const folder = temporaryFolder(t)
  const [port = 0, health, metrics] = await freePorts(3)
  const http = `health 127.0.0.1:${health}\nprometheus 127.0.0.1:${metrics}`
  writeFileSync(
    join(folder, 'Corefile'),
    `.:${port} {\nbind 127.0.0.1\n${http}\ngreet\ncache\nforward . 127.0.0.1:9\n}\n`,
  )
  writeFileSync(join(folder, 'greet.mjs'), 'export default { serve: () => ({}) }')
  const args = ['src/bin.cjs', '--workers', '2', '-conf', join(folder, 'Corefile')]
  const plugin = ['--plugin', `greet=${join(folder, 'greet.mjs')}`]
  const limited = `ulimit -n ${descriptors} && exec "$0" "$@"`
  return new WatchedProcess(t, 'sh', ['-c', limited, process.execPath, ...args, ...plugin])
}

for (const descriptors of [24, 30, 40, 64, 100, 140])
  test(`${descriptors} descriptors: a sentence, exit 1`, LIMIT, async t => {
    const server = await start(t, descriptors)
    assert.equal(await server.exited, 1)
    const says = `too few file descriptors: the process may have ${descriptors} (ulimit -n), and to start 2 shards takes about `
    assert.match(server.err, new RegExp(`^${RegExp.escape(says)}\\d+\\n$`))
    assert.equal(server.out, '')
  })

test('as few as Node needs: a sentence, exit 1', LIMIT, async t => {
  const server = await start(t, NODE_DESCRIPTORS)
  assert.equal(await server.exited, 1)
  assert.match(server.err, /^too few file descriptors.* \(ulimit -n\).*\n$/)
})
