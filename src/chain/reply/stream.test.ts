import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Query } from '../query/query.ts'
import { type Handler, inFront, type Stage } from '../stage/handler.ts'
import { Streams } from './stream.ts'

const next: Handler = () => assert.fail('asked')

const strange: { rule: string; stream: () => unknown }[] = [
  {
    rule: 'a generator that is not asynchronous',
    *stream() {
      yield 1
    },
  },
  { rule: 'a number', stream: () => 42 },
  { rule: 'null', stream: () => null },
  { rule: 'a promise of messages', stream: async () => [] },
]
for (const { rule, stream } of strange)
  test(`no stream: ${rule}`, async () => {
    const stage = { wrap: (own: Handler) => own, stream } as unknown as Stage
    const query = { streams: new Streams() } as Query
    await assert.rejects(async () => inFront(stage, next)(query), {
      message: /what stream gives is no AsyncIterable: an async generator makes one$/,
    })
  })
