// The shard half of names: answers from the records that main writes.

import { answer } from '../../../src/chain/answer.ts'
import type { Stage } from '../../../src/chain/handler.ts'
import type { ServeScope } from '../../../src/chain/serve-scope.ts'
import type { RecordsRef } from '../../../src/records/layout.ts'
import { RecordKey } from '../../../src/records/reader.ts'
import { TYPE_A } from '../../../src/wire/rrtypes.ts'
import type { NamesOptions } from './options.ts'

export const serve = (_options: NamesOptions, scope: ServeScope, records: RecordsRef): Stage => {
  const reader = scope.records(records)
  const key = new RecordKey()
  return {
    concerns: ({ qtype }) => qtype === TYPE_A,
    wrap: next => query => {
      const { folded, wire: owner } = query.question
      key.set(folded, 0, folded.length).pad()
      const entry = reader.find(0, key)
      if (entry === 0) return next(query)
      const at = reader.valueAt(entry)
      // Borrowed until the next await: the answer is written at once.
      const rdata = reader.bytes.subarray(at, at + reader.valueBytes(entry))
      return answer(query, { aa: true, answers: [{ owner, type: TYPE_A, ttlSeconds: 5, rdata }] })
    },
  }
}
