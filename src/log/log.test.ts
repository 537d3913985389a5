import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { escapeLine, LogSink, makeLogger } from './log.ts'

const escapes = [
  { name: 'printable ASCII stays', text: 'a\\b "c" ~', expected: 'a\\b "c" ~' },
  {
    name: 'a line end cannot forge a line',
    text: 'x\n[INFO] forged\r',
    expected: 'x\\010[INFO] forged\\013',
  },
  { name: 'terminal control', text: '\x1b[2J\x7f\t\0', expected: '\\027[2J\\127\\009\\000' },
  { name: 'bytes of UTF-8', text: 'é€', expected: '\\195\\169\\226\\130\\172' },
]
for (const c of escapes)
  test(`escapeLine: ${c.name}`, () => assert.equal(escapeLine(c.text), c.expected))

const errorWith = (code: string) => Object.assign(new Error(code), { code })

/** A descriptor that behaves as told; `taken` is what it was given in all. */
class FakeOutput {
  taken = ''
  writes: number[] = []
  /** Bytes it takes before EAGAIN. */
  room = Number.POSITIVE_INFINITY
  failure: string | undefined

  write = (bytes: Uint8Array, offset: number, length: number): number => {
    if (this.failure !== undefined) throw errorWith(this.failure)
    const count = Math.min(length, this.room)
    if (count === 0) throw errorWith('EAGAIN')
    this.room -= count
    this.taken += Buffer.from(bytes.subarray(offset, offset + count)).toString('latin1')
    this.writes.push(count)
    return count
  }
}

const setUp = () => {
  const output = new FakeOutput()
  return { output, sink: new LogSink(output.write) }
}
const nextTurn = () => new Promise(setImmediate)

test('lines are written together, at the end of the turn', async () => {
  const { output, sink } = setUp()
  sink.raw('one')
  sink.raw('two')
  assert.equal(output.taken, '')
  await nextTurn()
  assert.deepEqual([output.taken, output.writes], ['one\ntwo\n', [8]])
})

test('16 KiB are written at once, in atomic pieces of whole lines', () => {
  const { output, sink } = setUp()
  const line = 'x'.repeat(999)
  for (let i = 0; i < 17; i++) sink.raw(line)
  assert.deepEqual(output.writes, [4000, 4000, 4000, 4000, 1000])
  assert.equal(output.taken, `${line}\n`.repeat(17))
})

test('a full pipe keeps the rest, and the retry sends it', async t => {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  const { output, sink } = setUp()
  output.room = 5
  sink.raw('one')
  sink.raw('two')
  await nextTurn()
  assert.equal(output.taken, 'one\nt')
  sink.raw('three')
  output.room = Number.POSITIVE_INFINITY
  t.mock.timers.tick(20)
  assert.equal(output.taken, 'one\ntwo\nthree\n')
})

test('beyond 1 MiB the oldest lines go, are counted, and the loss is told', async t => {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  const { output, sink } = setUp()
  output.room = 10
  for (let i = 0; i < 30_000; i++) sink.raw(`line ${String(i).padStart(94, '0')}`)
  assert.ok(sink.lostLines > 19_000 && sink.lostLines < 30_000, String(sink.lostLines))
  const lost = sink.lostLines
  output.room = Number.POSITIVE_INFINITY
  t.mock.timers.tick(20)
  const lines = output.taken.split('\n')
  assert.equal(lines.pop(), '')
  assert.ok(
    lines.includes(`[WARNING] ${lost} log lines lost: standard output is not read fast enough`),
  )
  assert.equal(lines.length, 30_000 - lost + 1)
  assert.equal(lines.at(-1), `line ${'29999'.padStart(94, '0')}`)
  assert.ok(
    lines.every(line => line.length === 99 || line.startsWith('[WARNING]')),
    'no line is torn',
  )
})

test('losses again and again are all told, while nothing can be written', async t => {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  const { output, sink } = setUp()
  output.room = 10
  for (let round = 0; round < 4; round++) {
    for (let i = 0; i < 20_000; i++) sink.raw(`line ${'x'.repeat(94)}`)
    t.mock.timers.tick(20)
  }
  output.room = Number.POSITIVE_INFINITY
  t.mock.timers.tick(20)
  const told = [...output.taken.matchAll(/WARNING] (\d+) log/g)].reduce(
    (sum, [, count]) => sum + Number(count),
    0,
  )
  assert.equal(told, sink.lostLines)
  assert.equal(output.taken.match(/^line/gm)?.length, 80_000 - told)
})

const bytesOf = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text, 'latin1'))

test('lines as bytes and lines as text keep their order; only the bytes given count', () => {
  const { output, sink } = setUp()
  const bytes = bytesOf('two\nthree\nnot this')
  sink.raw('one')
  sink.rawBytes(bytes, 10)
  bytes.fill(0)
  sink.raw('four')
  sink.rawBytes(bytesOf('five\n'), 5)
  sink.flushSync()
  assert.deepEqual([output.taken, output.writes], ['one\ntwo\nthree\nfour\nfive\n', [24]])
})

test('lines as bytes are written in atomic pieces of whole lines, a long one by itself', () => {
  const { output, sink } = setUp()
  const sizes = [1000, 1000, 1000, 1000, 96, 1, 4096, 4097, 9000, 5, 4090]
  const text = sizes.map(size => `${'x'.repeat(size - 1)}\n`).join('')
  sink.rawBytes(bytesOf(text), text.length)
  sink.flushSync()
  assert.deepEqual(output.writes, [4096, 1, 4096, 4097, 9000, 4095])
  assert.equal(output.taken, text)
})

test('lines as bytes beyond 1 MiB push out the oldest, which are counted', async t => {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  const { output, sink } = setUp()
  output.room = 10
  for (let i = 0; i < 3000; i++) {
    const batch = Array.from(
      { length: 10 },
      (_, line) => `line ${String(10 * i + line).padStart(94, '0')}\n`,
    ).join('')
    sink.rawBytes(bytesOf(batch), batch.length)
  }
  output.room = Number.POSITIVE_INFINITY
  t.mock.timers.tick(20)
  const lines = output.taken.split('\n')
  assert.equal(lines.pop(), '')
  assert.equal(lines.length, 30_000 - sink.lostLines + 1)
  assert.ok(sink.lostLines > 19_000 && sink.lostLines < 23_000, String(sink.lostLines))
  assert.ok(
    lines.every(line => line.length === 99 || line.startsWith('[WARNING]')),
    'no line is torn',
  )
})

test('a reader that has gone is no error, and nothing is kept for it', async () => {
  const { output, sink } = setUp()
  output.failure = 'EPIPE'
  sink.raw('one')
  await nextTurn()
  output.failure = undefined
  sink.raw('two')
  await nextTurn()
  assert.equal(output.taken, '')
})

test('a full disk loses lines, not the ability to log', async () => {
  const { output, sink } = setUp()
  output.failure = 'ENOSPC'
  sink.raw('one')
  await nextTurn()
  output.failure = undefined
  sink.raw('two')
  await nextTurn()
  assert.equal(output.taken, 'two\n')
})

test('flushSync writes at once, and gives up on a reader that does not read', () => {
  const { output, sink } = setUp()
  sink.raw('one')
  sink.flushSync()
  assert.equal(output.taken, 'one\n')
  output.room = 0
  sink.raw('two')
  sink.flushSync()
  assert.equal(output.taken, 'one\n')
})

test('an endless line is cut', () => {
  const { output, sink } = setUp()
  sink.raw('x'.repeat(100_000))
  assert.equal(output.taken.length, 64 * 1024)
  assert.ok(output.taken.endsWith('x ...\n'))
})

test('makeLogger: level, prefix, and debug lines only while debug is on', () => {
  const { output, sink } = setUp()
  let isDebug = false
  const log = makeLogger(sink, 'plugin/x: ', () => isDebug)
  log.debug('hidden')
  isDebug = true
  log.debug('d')
  log.info('i')
  log.warning('w')
  log.error('e')
  sink.flushSync()
  assert.equal(
    output.taken,
    '[DEBUG] plugin/x: d\n[INFO] plugin/x: i\n[WARNING] plugin/x: w\n[ERROR] plugin/x: e\n',
  )
})

test('threads share a pipe without mixing lines, while the reader is slow to start', async () => {
  const script = fileURLToPath(new URL('../../test/fakes/log-threads.ts', import.meta.url))
  const child = spawn(process.execPath, [script], { stdio: ['ignore', 'pipe', 'inherit'] })
  await once(child.stdout, 'readable')
  let text = ''
  child.stdout.setEncoding('latin1').on('data', chunk => {
    text += chunk
  })
  const [code] = await once(child, 'close')
  assert.equal(code, 0)
  const lines = text.split('\n')
  assert.equal(lines.pop(), '')
  const counts = new Map<string, number>()
  for (const line of lines) {
    const [, thread = ''] = /^(\d) \d+ x{200}$/.exec(line) ?? []
    counts.set(thread, (counts.get(thread) ?? 0) + 1)
  }
  assert.deepEqual([...counts].sort(), [
    ['1', 2000],
    ['2', 2000],
  ])
})
