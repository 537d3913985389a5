// The program: its first line, its commands, its refusals, its end.

import assert from 'node:assert/strict'
import { type ChildProcessWithoutNullStreams, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import { request } from 'node:https'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'

const path = (name: string): string => fileURLToPath(new URL(name, import.meta.url))
const MAIN = path('main.ts')

class Program {
  readonly child: ChildProcessWithoutNullStreams
  readonly exited: Promise<unknown[]>
  readonly #lines: AsyncIterator<string>

  constructor(t: { after(run: () => unknown): void }, ...args: string[]) {
    this.child = spawn(process.execPath, [MAIN, ...args])
    this.exited = once(this.child, 'close')
    this.#lines = createInterface({ input: this.child.stdout })[Symbol.asyncIterator]()
    t.after(async () => {
      this.child.kill('SIGKILL')
      await this.exited
    })
  }

  async line(): Promise<string> {
    const { done, value } = await this.#lines.next()
    return done ? assert.fail('the program ended') : value
  }

  async run(command: string): Promise<Record<string, unknown>> {
    this.child.stdin.write(`${command}\n`)
    return JSON.parse(await this.line()) as Record<string, unknown>
  }
}

const codeOf = async (url: string, folder: string): Promise<number | undefined> => {
  const read = (name: string): string => readFileSync(join(folder, name), 'utf8')
  const { promise, resolve, reject } = Promise.withResolvers<number | undefined>()
  const asked = request(
    url,
    { agent: false, ca: read('ca.crt'), headers: { authorization: `Bearer ${read('token')}` } },
    response => {
      response.resume().on('end', () => resolve(response.statusCode))
    },
  )
  asked.on('error', reject).end()
  return promise
}

test('it says where it is and obeys line by line until quit', async t => {
  const program = new Program(
    t,
    '--manifests',
    path('manifests/other.yaml'),
    '--services',
    '100',
    '--endpoints',
    '500',
  )
  const [, url = '', folder = ''] =
    /^kube-api listening on (\S+), credentials in (\S+)$/.exec(await program.line()) ?? []
  assert.equal(await codeOf(`${url}/api/v1/services`, folder), 200)
  assert.ok(existsSync(join(folder, 'kubeconfig')))
  const service = { kind: 'Service', metadata: { name: 'x' }, spec: { ports: [{ port: 80 }] } }
  assert.deepEqual((await program.run(`apply ${JSON.stringify(service)}`)).applied, [
    'services/default/x',
  ])
  assert.equal((await program.run('delete Service default x')).deleted, true)
  assert.equal((await program.run('delete Service default x')).deleted, false)
  const change = await program.run('churn 1 1000')
  assert.equal(change.change, 'replace-endpoint')
  assert.ok(Math.abs(Number(process.hrtime.bigint()) / 1e6 - Number(change.ms)) < 60_000)
  assert.equal((JSON.parse(await program.line()) as { changes: number }).changes, 1)
  for (const command of [
    'bookmark',
    'reset-watches',
    'compact',
    'rotate-token',
    'down',
    `up ${path('manifests/cluster.yaml')}`,
  ])
    assert.equal((await program.run(command)).ok, true, command)
  assert.equal(await codeOf(`${url}/api/v1/services`, folder), 200)
  assert.equal((await program.run(`replace ${path('manifests/other.yaml')}`)).ok, true)
  const stats = await program.run('stats')
  assert.deepEqual((stats.objects as Record<string, number>).services, 3)
  assert.equal((await program.run('quit')).ok, true)
  assert.deepEqual(await program.exited, [0, null])
  assert.equal(existsSync(folder), false)
})

test('a command that is wrong is answered, and the next is obeyed', async t => {
  const program = new Program(t, '--http')
  await program.line()
  for (const command of [
    'nonsense',
    'apply {',
    'apply {"kind":"Service"}',
    'delete',
    'replace /nonexistent',
    'fail 404',
    'churn 1',
    'toString',
  ])
    assert.equal((await program.run(command)).ok, false, command)
  assert.equal((await program.run('stats')).ok, true)
  program.child.stdin.end()
  assert.deepEqual(await program.exited, [0, null])
})

test('a signal ends it and takes the folder away', async t => {
  const program = new Program(t)
  const [, folder = ''] = /credentials in (\S+)$/.exec(await program.line()) ?? []
  program.child.kill('SIGTERM')
  assert.deepEqual(await program.exited, [0, null])
  assert.equal(existsSync(folder), false)
})

for (const args of [
  ['--http', '--https'],
  ['--port', 'x'],
  ['--nonsense'],
  ['--manifests', '/nonexistent'],
])
  test(`${args.join(' ')} is refused with the usage`, () => {
    const { status, stderr } = spawnSync(process.execPath, [MAIN, ...args], { encoding: 'utf8' })
    assert.equal(status, 2)
    assert.match(stderr, /usage: /)
  })
