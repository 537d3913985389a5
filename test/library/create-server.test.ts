// A server in this process: what it answers, where, what a reload does, how it ends, and what it is
// refused with.

import assert from 'node:assert/strict'
import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { pathToFileURL } from 'node:url'
import {
  CorefileError,
  createServer,
  type ServerOptions,
  ShardnsError,
  type ShardnsServer,
} from '../../src/index.ts'
import { canListSockets } from '../../src/net/proc-sockets.ts'
import { enginesHere } from '../support/engines-here.ts'
import { query, show } from '../support/messages.ts'
import { askTcp, askUdp } from '../support/raw-client.ts'
import { type Cleanup, freePorts, temporaryFolder } from '../support/server-process.ts'

const LIMIT = { timeout: 30_000 }

/** Ends with the test. */
const started = async (t: Cleanup, options: ServerOptions): Promise<ShardnsServer> => {
  const server = await createServer(options)
  t.after(() => server.close())
  return server
}

/** Answers a.test, on a port that the system chooses. */
const corefile = (address = '192.0.2.1', port = 0): string =>
  `.:${port} {\n bind 127.0.0.1\n hosts {\n  ${address} a.test\n }\n}\n`

const record = (address: string): string[] => [`a.test. 3600 IN A ${address}`]

const ask = async (port: number | undefined, askOne = askUdp): Promise<readonly string[]> => {
  const [reply] = await askOne(port ?? -1, [query('a.test').bytes])
  return show(reply!).answer
}

for (const engine of enginesHere())
  test(`port 0 is one number for UDP, TCP and all workers, engine ${engine}`, LIMIT, async t => {
    const server = await started(t, { corefile: corefile(), engine, workers: 2 })
    const [at, ...others] = server.addresses
    assert.deepEqual({ ...at, port: 0 }, { transport: 'dns', address: '127.0.0.1', port: 0 })
    assert.deepEqual(others, [])
    for (let source = 0; source < 16; source++) {
      assert.deepEqual(await ask(at?.port), record('192.0.2.1'))
      assert.deepEqual(await ask(at?.port, askTcp), record('192.0.2.1'))
    }
    await server.reload(corefile('192.0.2.2'))
    assert.deepEqual(server.addresses, [at])
    assert.deepEqual(await ask(at?.port), record('192.0.2.2'))
  })

test(
  'port 0 is one number for all addresses; without bind they are written as one',
  LIMIT,
  async t => {
    const text = '.:0 {\n bind 127.0.0.1 127.0.0.2\n whoami\n}\n'
    const two = await started(t, { corefile: text })
    assert.deepEqual(
      two.addresses.map(({ address }) => address),
      ['127.0.0.1', '127.0.0.2'],
    )
    assert.equal(new Set(two.addresses.map(({ port }) => port)).size, 1)
    const every = await started(t, { corefile: '. {\n whoami\n}\n', port: 0 })
    assert.match(every.addresses[0]?.address ?? '', /^(?:::|0\.0\.0\.0)$/)
  },
)

test('port 0 is another number for each scheme, which stays over a reload', LIMIT, async t => {
  const text = '.:0 tls://.:0 {\n bind 127.0.0.1\n whoami\n}\n'
  const server = await started(t, { corefile: text })
  const before = server.addresses
  assert.deepEqual(
    before.map(({ transport }) => transport),
    ['dns', 'tls'],
  )
  assert.notEqual(before[0]?.port, before[1]?.port)
  const [reply] = await askTcp(before[1]!.port, [query('a.test').bytes])
  assert.equal(show(reply!).rcode, 'NOERROR')
  await server.reload(text)
  assert.deepEqual(server.addresses, before)
})

test('servers in one process have nothing in common', LIMIT, async t => {
  const one = await started(t, { corefile: corefile('192.0.2.1') })
  const other = await started(t, { corefile: corefile('192.0.2.2') })
  const [{ port }, { port: otherPort }] = [one.addresses[0]!, other.addresses[0]!]
  assert.notEqual(port, otherPort)
  assert.deepEqual(await ask(port), record('192.0.2.1'))
  assert.deepEqual(await ask(otherPort), record('192.0.2.2'))
  await other.close()
  assert.deepEqual(await ask(port), record('192.0.2.1'))
})

test(
  'a Corefile that is wrong: all that is wrong with it, and the old one is served on',
  LIMIT,
  async t => {
    const server = await started(t, { corefile: corefile() })
    const reload = server.reload('.:0 {\n hsts\n forward\n}\n')
    await assert.rejects(reload, error => {
      assert.ok(error instanceof CorefileError && error instanceof ShardnsError)
      assert.equal(error.code, 'COREFILE')
      assert.deepEqual(
        error.diagnostics.map(({ file, line, column, hint }) => [file, line, column, hint]),
        [
          ['Corefile', 2, 2, "did you mean 'hosts'?"],
          ['Corefile', 3, 2, undefined],
        ],
      )
      assert.match(error.message, /Unknown directive 'hsts'/)
      return true
    })
    assert.deepEqual(await ask(server.addresses[0]?.port), record('192.0.2.1'))
    // And it is what a reload goes back to.
    await server.reload()
    assert.deepEqual(await ask(server.addresses[0]?.port), record('192.0.2.1'))
  },
)

test('an address that is taken is no fault of the Corefile', LIMIT, async t => {
  const server = await started(t, { corefile: corefile() })
  const { port } = server.addresses[0]!
  const other = createServer({ corefile: '.:53 {\n bind 192.0.2.77\n whoami\n}\n' })
  await assert.rejects(other, { name: 'ShardnsError', code: 'LOAD', message: /192\.0\.2\.77/ })
  await assert.rejects(server.reload('.:0 {\n bind 192.0.2.77\n whoami\n}\n'), { code: 'LOAD' })
  assert.deepEqual(await ask(port), record('192.0.2.1'))
})

for (const engine of enginesHere())
  test(`a port that another server of the process has is taken, engine ${engine}`, {
    ...LIMIT,
    skip: !canListSockets() && 'no /proc/self/net/udp',
  }, async t => {
    const one = await started(t, { corefile: corefile('192.0.2.1'), engine })
    const { port } = one.addresses[0]!
    const taken = { code: 'LOAD', message: /:\d+: bind: address already in use$/ }
    await assert.rejects(createServer({ corefile: corefile('192.0.2.2', port) }), taken)
    const other = await started(t, { corefile: corefile('192.0.2.2'), engine })
    await assert.rejects(other.reload(corefile('192.0.2.2', port)), taken)
    await assert.rejects(other.reload(`.:${port} {\n whoami\n}\n`), taken)
    for (let source = 0; source < 8; source++)
      assert.deepEqual(await ask(port), record('192.0.2.1'))
    // Its own are its own: at other addresses, and left and taken again.
    await one.reload(`.:${port} {\n hosts {\n  192.0.2.3 a.test\n }\n}\n`)
    await one.reload(corefile('192.0.2.4'))
    await one.reload(corefile('192.0.2.5', port))
    assert.deepEqual(await ask(port), record('192.0.2.5'))
    await one.close()
    await other.reload(corefile('192.0.2.2', port))
    assert.deepEqual(await ask(port), record('192.0.2.2'))
  })

test('an HTTP address that another server of the process has is taken', {
  ...LIMIT,
  skip: !canListSockets() && 'no /proc/self/net/udp',
}, async t => {
  const [port = 0] = await freePorts(1)
  const text = `.:0 {\n bind 127.0.0.1\n health 127.0.0.1:${port}\n whoami\n}\n`
  const one = await started(t, { corefile: text })
  const taken = { code: 'LOAD', message: /listen tcp .*: bind: address already in use$/ }
  await assert.rejects(createServer({ corefile: text }), taken)
  // Its own is its own, also at an address beside it.
  await one.reload()
  await one.reload(text.replace(`127.0.0.1:${port}`, `:${port}`))
  await one.close()
  await started(t, { corefile: text })
})

test('a file is read again by reload', LIMIT, async t => {
  const file = join(temporaryFolder(t), 'Corefile')
  writeFileSync(file, corefile('192.0.2.1'))
  const server = await started(t, { file: pathToFileURL(file) })
  const { port } = server.addresses[0]!
  assert.deepEqual(await ask(port), record('192.0.2.1'))
  writeFileSync(file, corefile('192.0.2.2'))
  await server.reload()
  assert.deepEqual(await ask(port), record('192.0.2.2'))
  await assert.rejects(server.reload(corefile()), TypeError)
  rmSync(file)
  await assert.rejects(server.reload(), error => {
    assert.ok(error instanceof CorefileError)
    assert.deepEqual(error.diagnostics, [
      {
        severity: 'error',
        code: 'unreadable',
        message: `open ${file}: no such file or directory`,
        file,
      },
    ])
    return true
  })
  assert.deepEqual(await ask(port), record('192.0.2.2'))
})

test('metrics are the text that Prometheus reads', LIMIT, async t => {
  const server = await started(t, {
    corefile: '.:0 {\n bind 127.0.0.1\n prometheus 127.0.0.1:0\n whoami\n}\n',
  })
  await ask(server.addresses[0]?.port)
  const text = await server.metrics()
  assert.match(text, /^coredns_build_info\{/m)
  assert.match(text, /^coredns_dns_requests_total\{.*type="A".*\} 1$/m)
})

test(
  'log lines of all threads come to the function, and one that fails ends nothing',
  LIMIT,
  async t => {
    const lines: string[] = []
    const warned = new Promise<Error>(resolve => process.once('warning', resolve))
    const server = await started(t, {
      corefile: '.:0 {\n bind 127.0.0.1\n log\n whoami\n}\n',
      log: line => {
        lines.push(line)
        if (line.includes('a.test')) throw new Error('no more')
      },
    })
    await ask(server.addresses[0]?.port)
    await ask(server.addresses[0]?.port)
    await server.close()
    assert.equal(
      lines.filter(line => /^\[INFO\] 127\.0\.0\.1:\d+ .*"A IN a\.test\./.test(line)).length,
      2,
    )
    assert.equal((await warned).message, "the function 'log' of a DNS server fails: no more")
  },
)

test('a log function that rejects costs its lines, and the program nothing', LIMIT, async t => {
  const warned = new Promise<Error>(resolve => process.once('warning', resolve))
  const server = await started(t, { corefile: corefile(), log: () => Promise.reject('no more') })
  await server.reload()
  assert.equal((await warned).message, "the function 'log' of a DNS server fails: no more")
})

test('closed once, however often that is asked for; then nothing more is done', LIMIT, async t => {
  const server = await started(t, { corefile: corefile() })
  await Promise.all([server.close(), server.close(), server[Symbol.asyncDispose]()])
  await server.close()
  await server.closed
  assert.deepEqual(server.addresses, [])
  await assert.rejects(server.reload(), { code: 'CLOSED', message: 'the server is closed' })
})

test('close waits for no reload, and the reload says so', LIMIT, async t => {
  const server = await started(t, { corefile: corefile() })
  const reloads = [server.reload(corefile('192.0.2.2')), server.reload(corefile('192.0.2.3'))]
  const outcomes = Promise.allSettled(reloads)
  await server.close()
  for (const outcome of await outcomes)
    if (outcome.status === 'rejected') assert.equal(outcome.reason.code, 'CLOSED')
  assert.equal((await outcomes)[1]?.status, 'rejected')
})

test('a signal that aborts ends the start, or the server', LIMIT, async t => {
  const early = AbortSignal.abort(new Error('not today'))
  await assert.rejects(createServer({ corefile: corefile(), signal: early }), /not today/)
  const controller = new AbortController()
  const starting = createServer({ corefile: corefile(), signal: controller.signal })
  setImmediate(() => controller.abort(new Error('enough')))
  await assert.rejects(starting, /enough/)
  const later = new AbortController()
  const server = await started(t, { corefile: corefile(), signal: later.signal })
  later.abort()
  await server.closed
})

test('a server that cannot go on closes itself, and closed says why', LIMIT, async t => {
  const [port = -1] = await freePorts(1)
  const lines: string[] = []
  const server = await started(t, {
    corefile: `.:${port} {\n bind 127.0.0.1\n loop\n forward . 127.0.0.1:${port}\n}\n`,
    log: line => void lines.push(line),
  })
  await assert.rejects(server.closed, { code: 'GAVE_UP', message: /^plugin\/loop: Loop/ })
  await server.close()
  assert.ok(lines.some(line => line.startsWith('[FATAL] plugin/loop: Loop')))
})

const refused: { rule: string; options: unknown; error: RegExp; kind?: typeof Error }[] = [
  { rule: 'no options', options: undefined, error: /takes an object of options, not undefined/ },
  { rule: 'a text for options', options: corefile(), error: /takes an object of options, not '/ },
  { rule: 'no source', options: {}, error: /needs one of corefile, file/ },
  {
    rule: 'two sources',
    options: { corefile: '', file: 'x' },
    error: /takes either corefile or file/,
  },
  {
    rule: 'a Corefile that is an object',
    options: { corefile: { '.': ['whoami'] } },
    error: /corefile: a Corefile is given as text, not as an object/,
  },
  { rule: 'a file that is a number', options: { file: 3 }, error: /file: 3 is neither a path nor/ },
  {
    rule: 'a file somewhere else',
    options: { file: new URL('https://example.org/Corefile') },
    error: /file: 'https:\/\/example\.org\/Corefile' is no file: URL/,
  },
  {
    rule: 'an option that there is not',
    options: { corefile: '', workres: 2 },
    error: /workres: there is no such option: did you mean 'workers'\?/,
  },
  {
    rule: 'workers that are no number',
    options: { corefile: '', workers: '2' },
    error: /workers: '2' is no whole number from 1 to 190/,
  },
  {
    rule: 'no workers',
    options: { corefile: '', workers: 0 },
    error: /workers: 0 is no whole number from 1 to 190/,
    kind: RangeError,
  },
  {
    rule: 'a cache of no size',
    options: { corefile: '', cacheBytes: Number.NaN },
    error: /cacheBytes: NaN is no whole number/,
    kind: RangeError,
  },
  {
    rule: 'a port out of range',
    options: { corefile: '', port: 65536 },
    error: /port: 65536/,
    kind: RangeError,
  },
  {
    rule: 'another engine',
    options: { corefile: '', engine: 'uring' },
    error: /engine: 'uring' is none of auto, mmsg, dgram/,
  },
  ...['engine', 'steering', 'fastPath'].map(name => ({
    rule: `null for ${name}`,
    options: { corefile: '', [name]: null },
    error: new RegExp(`${name}: null is n`),
  })),
  {
    rule: 'another steering',
    options: { corefile: '', steering: 1 },
    error: /steering: 1 is none of/,
  },
  {
    rule: 'a fast path that is a word',
    options: { corefile: '', fastPath: 'no' },
    error: /fastPath: 'no' is neither true nor false/,
  },
  {
    rule: 'a log of another kind',
    options: { corefile: '', log: true },
    error: /log: true is neither false, 'stderr' nor a function/,
  },
  {
    rule: 'a signal of another kind',
    options: { corefile: '', signal: {} },
    error: /signal: an object is no AbortSignal/,
  },
]

for (const { rule, options, error, kind = TypeError } of refused)
  test(`refused before anything is opened: ${rule}`, async () => {
    await assert.rejects(createServer(options as ServerOptions), thrown => {
      assert.ok(thrown instanceof kind)
      assert.match(thrown.message, /^createServer\b/)
      assert.match(thrown.message, error)
      return true
    })
  })

test('options may be frozen, and are left as they are', LIMIT, async t => {
  const options = Object.freeze({ corefile: corefile(), workers: 1 })
  const server = await started(t, options)
  assert.equal(server.addresses.length, 1)
})
