import assert from 'node:assert/strict'
import { test } from 'node:test'
import { query, replyTo, show } from '../../../test/support/plugin-harness.ts'
import { FLAG_TC, getFlags } from '../../wire/header.ts'
import { SILENCE } from '../reply/reply.ts'
import { renamed } from './renamed.ts'

const asked = query('a.test.')
const LONG_OWNER = `${'x'.repeat(60)}.`.repeat(4)

/** Records of one owner: a few bytes each as long as names are compressed. */
const many = (count: number) =>
  replyTo(query('b.test.'), {
    answer: Array.from(
      { length: count },
      (_, n) => `${LONG_OWNER} 60 IN A 192.0.${n >> 8}.${n & 255}`,
    ),
  })

test('renamed: the question is that of the query', () => {
  const reply = renamed(
    asked,
    replyTo(query('b.test.', 'MX'), { answer: ['b.test. 5 IN A 192.0.2.1'] }),
  )
  assert.deepEqual(
    [show(reply).question, show(reply).answer],
    ['a.test. IN A', ['b.test. 5 IN A 192.0.2.1']],
  )
})

test('renamed: what has no room with its names written out is compressed', () => {
  const reply = many(2000)
  const copy = renamed(asked, reply)
  assert.equal(copy.layout.answerCount, 2000)
  assert.equal(getFlags(copy.bytes, 0) & FLAG_TC, 0)
})

test('renamed: silence stays silent', () => assert.equal(renamed(asked, SILENCE), SILENCE))
