import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fakeControl } from '../../test/support/plugin-harness.ts'
import { CacheMemory } from '../cache/cache-memory.ts'
import { CorefileError } from '../corefile/diagnostics/diagnostic.ts'
import { MetricsRegistry } from '../metrics/registry.ts'
import { nameToText } from '../wire/name.ts'
import { Generation } from './generation.ts'
import { loadCorefile } from './load/load.ts'

const generation = async (text: string): Promise<Generation> => {
  const { clock, kept, board, process } = fakeControl()
  const metrics = new MetricsRegistry({ version: '0', revision: '0', corednsVersion: '0' }).begin()
  const parts = {
    clock,
    kept,
    changes: board,
    process,
    metrics,
    cache: new CacheMemory(8 << 20),
    isDebug: () => false,
    renew: async () => {},
  }
  return new Generation(await loadCorefile(text, 'Corefile', { baseDir: '/' }), {
    ...parts,
    id: 1,
    shards: 1,
    streamShards: 0,
    sink: { raw: () => {}, line: () => {} } as never,
  })
}

const listeners: { rule: string; text: string; labels: string[] }[] = [
  { rule: 'without bind all addresses', text: '.:5300 {\n whoami\n}', labels: ['dns://:5300'] },
  {
    rule: 'with bind that address and no other',
    text: '.:5300 {\n bind 127.0.0.1\n whoami\n}',
    labels: ['dns://127.0.0.1:5300'],
  },
  {
    rule: 'with bind and plugins whose names change',
    text: '.:5300 {\n bind 127.0.0.1\n cache\n hosts {\n 192.0.2.1 a.example.org\n }\n}',
    labels: ['dns://127.0.0.1:5300'],
  },
]

for (const { rule, text, labels } of listeners)
  test(`listeners of a configuration: ${rule}`, async () => {
    const made = await generation(text)
    await made.control()
    await made.retire()
    assert.deepEqual(
      made.listeners.all().map(({ label }) => label),
      labels,
    )
  })

test('zones go to the shards as names are compared, whatever their spelling', async () => {
  const made = await generation('\\065.example.org:5300 \\098.example.org:5300 {\n whoami\n}')
  await made.control()
  const { blocks } = made.message(() => undefined)
  await made.retire()
  assert.deepEqual(
    blocks.flatMap(({ sites }) => sites.map(({ zone }) => nameToText(zone))),
    ['a.example.org.', 'b.example.org.'],
  )
})

test('a control half that fails says where', async () => {
  const made = await generation('.:5300 {\n bind 127.0.0.1 eth99\n whoami\n}')
  await assert.rejects(made.control(), (error: unknown) => {
    assert.ok(error instanceof CorefileError)
    assert.equal(error.message, 'plugin/bind: not a valid IP address or interface name: "eth99"')
    assert.deepEqual([error.span?.line, error.span?.column, error.span?.length], [2, 17, 5])
    return true
  })
  await made.retire()
})
