// What a handler throws, gives and leaves undone costs its query and no other, and has one line.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate as turnOfLoop } from 'node:timers/promises'
import { edit } from '../../src/chain/answer/edit.ts'
import { ServerError } from '../../src/chain/errors.ts'
import { offerKind } from '../../src/chain/offers/offers.ts'
import { after } from '../../src/chain/reply/after.ts'
import { Reply } from '../../src/chain/reply/reply.ts'
import { boom, costTheirQueries, errors, handling, said, shardOf } from '../support/plugin-shard.ts'

costTheirQueries([
  { rule: 'the handler throws', evil: handling(() => boom), line: 'boom' },
  {
    rule: 'it throws a text',
    evil: handling(() => () => {
      throw 'boom'
    }),
    line: 'boom',
  },
  {
    rule: 'it throws what has no text',
    evil: handling(() => () => {
      throw Object.create(null)
    }),
    line: 'something without a text',
  },
  {
    rule: 'a text of several lines is one line, and cut',
    evil: handling(() => () => {
      throw new Error(`boom\nat ${'x'.repeat(5000)}`)
    }),
    line: `boom at ${'x'.repeat(1000 - 'plugin/evil: boom at '.length)}`,
  },
  {
    rule: 'the handler rejects',
    evil: handling(() => async () => boom()),
    line: 'boom',
  },
  {
    rule: 'it rejects late, with a text',
    evil: handling(() => () => turnOfLoop().then(() => Promise.reject('boom'))),
    line: 'boom',
  },
  {
    rule: 'it fails with what comes late',
    evil: handling(next => query => after(next(query), boom)),
    last: handling(() => query => turnOfLoop().then(() => said(query))),
    line: 'boom',
  },
  {
    rule: 'it fails behind a failure of the rest of the chain',
    evil: handling(next => async query => {
      await Promise.resolve(next(query)).catch(() => {})
      return boom()
    }),
    last: handling(() => () => turnOfLoop().then(() => Promise.reject(new TypeError('other')))),
    line: 'boom',
  },
  {
    rule: 'it gives nothing',
    evil: handling(() => () => undefined),
    line: 'its handler gave no reply',
  },
  { rule: 'it gives a text', evil: handling(() => () => 'x'), line: 'its handler gave no reply' },
  {
    rule: 'it gives nothing, late',
    evil: handling(() => async () => undefined),
    line: 'its handler gave no reply',
  },
  {
    rule: 'it gives bytes that are no message',
    evil: handling(() => () => new Reply(new Uint8Array(40).fill(255))),
    line: 'reply is not a well-formed DNS message',
  },
  {
    rule: 'it gives bytes that are no message, late',
    evil: handling(() => async () => new Reply(Uint8Array.of(1, 2, 3))),
    line: 'reply is not a well-formed DNS message',
  },
  {
    rule: 'it edits to what there is not',
    evil: handling(
      next => query =>
        after(next(query), reply => edit(reply, { order: [7] } as unknown as { ttl: number })),
    ),
  },
  {
    rule: 'it changes the question to what is no name',
    evil: handling(next => query => next(query.with({ name: new Uint8Array(3).fill(200) }))),
  },
  {
    rule: 'it offers without end when asked',
    evil: scope => ({
      wrap: () => () => {
        for (;;) scope.offer(offerKind('zones'), 1)
      },
    }),
    line: "more than 1000 offers in one block, 'zones' the last",
  },
])

test('an operating failure is for errors to log, and no panic', async () => {
  const evil = handling(() => () => {
    throw new ServerError('DISK', 'cannot read', 5)
  })
  const { ask, lines, panics } = await shardOf({ errors, evil })
  assert.deepEqual(await ask(), { rcode: 'REFUSED', answers: 0 })
  assert.deepEqual([lines, panics()], [['[ERROR] plugin/errors: 5 evil.test. A: cannot read'], 0])
})

test('an operating failure with an rcode that is none is SERVFAIL', async () => {
  for (const rcode of [-1, 1.5, Number.NaN, 70_000]) {
    const evil = handling(() => () => {
      throw new ServerError('ODD', 'odd', rcode)
    })
    const { ask } = await shardOf({ evil })
    assert.equal((await ask())?.rcode, 'SERVFAIL')
  }
})
