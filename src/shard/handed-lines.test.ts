// What a shard does with its log lines while main does not take them.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MessageChannel, type MessagePort, receiveMessageOnPort } from 'node:worker_threads'
import { HandedLines } from './handed-lines.ts'
import type { LinesMessage } from './messages.ts'

/** All that has been handed over until now. */
const received = (port: MessagePort): string => {
  let text = ''
  for (;;) {
    const next = receiveMessageOnPort(port) as { message: LinesMessage } | undefined
    if (next === undefined) return text
    assert.equal(next.message.kind, 'lines')
    text += Buffer.from(next.message.bytes).toString('latin1')
  }
}

const linesOf = (text: string): string[] => text.split('\n').slice(0, -1)

test('lines come whole, escaped and in order', t => {
  const { port1, port2 } = new MessageChannel()
  t.after(() => port1.close())
  const { sink } = new HandedLines(port1)
  sink.raw('[INFO] one')
  sink.raw('[INFO] tw\u0000')
  sink.flushSync()
  assert.deepEqual(linesOf(received(port2)), ['[INFO] one', '[INFO] tw\\000'])
})

test('beyond a bound they wait; beyond a second one the oldest are lost, and that is told', t => {
  const { port1, port2 } = new MessageChannel()
  t.after(() => port1.close())
  const handed = new HandedLines(port1)
  const count = 20_000
  for (let n = 0; n < count; n++) handed.sink.raw(`${n} ${'x'.repeat(100)}`)
  const first = received(port2)
  assert.ok(first.length > 200 * 1024 && first.length < 300 * 1024, `${first.length} bytes`)
  handed.sink.raw('last')
  assert.equal(received(port2), '')

  let rest = ''
  let bytes = first.length
  while (bytes > 0) {
    handed.taken(bytes)
    handed.sink.flushSync()
    const next = received(port2)
    bytes = next.length
    rest += next
  }
  const lines = linesOf(rest)
  const loss = /^\[WARNING\] (\d+) log lines lost: they are not taken fast enough$/.exec(
    lines.find(line => line.startsWith('[WARNING]')) ?? '',
  )
  const lost = Number(loss?.[1])
  assert.ok(lost > 0)
  // With the last line, and without the one that tells of the loss.
  assert.equal(linesOf(first).length + lines.length + lost - 1, count + 1)
  assert.equal(lines.at(-1), 'last')
})
