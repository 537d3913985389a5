// names: answers a few names with one address, from records that main keeps. docs/plugins.md shows
// it for what changes while a plugin serves.

import { answer, definePlugin, EVERY_LABEL, RecordKey } from '../../src/index.ts'
import { argumentsOf, optionTable, parsed, requiredArgument, text } from '../../src/options.ts'
import { foldName, nameFromText, nameToText, rdataA, TYPE_A } from '../../src/wire.ts'

const normalised = (text: string): string | undefined => {
  const wire = nameFromText(text)
  return wire && nameToText(foldName(wire))
}

const domain = parsed('NAME', normalised, word => word.err(`'${word.text}' is no name`))

const options = optionTable('once', {
  rows: {
    address: requiredArgument('ADDRESS', text('ADDRESS'), { does: 'the address of all names' }),
    names: argumentsOf<readonly string[]>('NAMES', 'NAMES...', {
      does: 'names that are answered',
      start: () => [],
      read: left => left.splice(0).map(word => domain.read(word)),
    }),
  },
})

export const names = definePlugin({
  options,
  facts: {
    // Caches in front keep watch on these names, each by itself.
    changing: ({ names }) => names.map(zone => ({ zone, labels: EVERY_LABEL })),
  },
  control: ({ address, names }, scope) => {
    // It outlives reloads.
    const { map } = scope.keep('addresses', resources => {
      const map = resources.newRecords()
      return { map, dispose: () => map.drop() }
    })
    scope.onStart(() => {
      for (const name of names) {
        const key = nameFromText(name)!
        // Once shards can read the new record, and no earlier, caches are told.
        if (map.put(0, key, rdataA(address)) === 'changed') scope.changes.mark(key)
      }
    })
    return map.ref
  },
  serve: (_options, scope, records) => {
    const reader = scope.records(records)
    const key = new RecordKey()
    return {
      concerns: ({ qtype }) => qtype === TYPE_A,
      handle: (query, next) => {
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
  },
})
