import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Query } from '../query/query.ts'
import { isMetadataLabel, Metadata, type MetadataProvider } from './metadata.ts'

const query = { id: 7 } as Query
const of = (...providers: MetadataProvider[]): Metadata => new Metadata(query, providers)

test('nothing is computed before somebody asks', () => {
  let asked = 0
  let computed = 0
  const metadata = of(({ id }, set) => {
    asked++
    set('example/id', () => `${++computed} ${id}`)
  })
  assert.equal(asked, 0)
  assert.equal(metadata.get('example/other'), undefined)
  assert.deepEqual([asked, computed], [1, 0])
  assert.equal(metadata.get('example/id'), '1 7')
  assert.equal(asked, 1)
})

test('what turns out later takes the place of what was told before', () => {
  const metadata = of((_, set) => set('forward/upstream', () => 'none yet'))
  metadata.set('forward/upstream', () => '192.0.2.1:53')
  assert.equal(metadata.get('forward/upstream'), '192.0.2.1:53')
  assert.deepEqual(metadata.labels(), ['forward/upstream'])
})

test('a provider that fails, tells too much or at too great length harms nobody', () => {
  const metadata = of(
    (_, set) => {
      set('a/fails', () => {
        throw new Error('no')
      })
      set('a/long', () => 'x'.repeat(10_000_000))
      set('no label', () => 'x')
      throw new Error('no')
    },
    (_, set) => {
      for (let n = 0; n < 10_000; n++) set(`b/${n}`, () => `${n}`)
    },
  )
  assert.equal(metadata.get('a/fails'), '')
  assert.equal(metadata.get('a/long')?.length, 4096)
  assert.equal(metadata.get('no label'), undefined)
  assert.equal(metadata.labels().length, 256)
})

test('a value is computed once, however often it is asked for, until it is told anew', () => {
  let computed = 0
  const metadata = of((_, set) => set('a/b', () => `${++computed}`))
  assert.deepEqual([metadata.get('a/b'), metadata.get('a/b')], ['1', '1'])
  metadata.set('a/b', () => 'anew')
  assert.equal(metadata.get('a/b'), 'anew')
  assert.equal(computed, 1)
})

const GREEDY = Array.from({ length: 200 }, (_, n) => `greedy/${n}`)

test('values that ask for each other, or for themselves, come to an end', () => {
  let computed = 0
  const metadata: Metadata = of((_, set) => {
    for (const label of GREEDY)
      set(label, () => {
        computed++
        return `x${GREEDY.map(other => metadata.get(other)).join('')}`
      })
  })
  for (const label of GREEDY) assert.ok((metadata.get(label)?.length ?? 0) <= 4096)
  assert.equal(computed, GREEDY.length)
})

test('values that tell each other anew come to an end', () => {
  let computed = 0
  const metadata = of()
  const value = (): string => {
    computed++
    for (const label of GREEDY) metadata.set(label, value)
    return GREEDY.map(label => metadata.get(label)).join('')
  }
  metadata.set('greedy/0', value)
  metadata.get('greedy/0')
  assert.equal(computed, 1024)
})

for (const [label, isOne] of [
  ['forward/upstream', true],
  ['kubernetes/client/namespace', true],
  ['forward', false],
  ['/x', false],
  ['x/', false],
  ['', false],
] as const)
  test(`label '${label}' is ${isOne ? 'one' : 'none'}`, () =>
    assert.equal(isMetadataLabel(label), isOne))
