import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ednsAt } from '../../wire/edns.ts'
import { nameToText } from '../../wire/name.ts'
import { readQuestion } from '../../wire/question.ts'
import type { BlockMessage } from '../messages.ts'
import { questionOf, zonesOf } from './questions.ts'
import { replyTo } from './upstream.ts'

const blocks = [
  {
    sites: [{ listener: 0, zone: Uint8Array.of(0) }],
    info: { zones: ['.'], changing: [{ zone: 'svc.cluster.local.', labels: 2 }] },
  },
  {
    sites: [{ listener: 1, zone: Uint8Array.of(0) }],
    info: { zones: ['example.org.', 'example.org.'], changing: [] },
  },
] as unknown as readonly BlockMessage[]

test('zonesOf: the zones of the blocks on the listener and of their records, each once', () => {
  assert.deepEqual(zonesOf(blocks, 0), ['.', 'svc.cluster.local.'])
  assert.deepEqual(zonesOf(blocks, 1), ['example.org.'])
})

const questions = Array.from({ length: 64 }, (_, number) =>
  questionOf(number, ['.', 'svc.cluster.local.', `${'a'.repeat(60)}.`.repeat(4)]),
)

test('questionOf: each is a question in its zone, with and without EDNS, for A and AAAA', () => {
  const read = questions.map(bytes => readQuestion(bytes) ?? assert.fail('no question'))
  const names = read.map(({ wire }) => nameToText(wire))
  assert.ok(names.every((name, k) => k % 3 !== 1 || name.endsWith('.svc.cluster.local.')))
  assert.ok(names.includes('kubernetes.default.svc.cluster.local.'))
  assert.deepEqual([...new Set(read.map(({ type }) => type))].sort(), [1, 28])
  const sizes = read.map(({ end }, k) =>
    questions[k]!.length > end ? ednsAt(questions[k]!, end).udpSize : 0,
  )
  assert.deepEqual([...new Set(sizes)].sort(), [0, 1232])
})

test('replyTo: answers every question of a warm-up, and nothing else', () => {
  for (const question of questions) assert.ok(readQuestion(replyTo(question) ?? question))
  assert.equal(replyTo(Uint8Array.of(1, 2, 3)), undefined)
})
