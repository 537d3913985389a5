import assert from 'node:assert/strict'
import test from 'node:test'
import { KubeError } from './kube-error.ts'
import { ITEM_LIMIT_BYTES, type ListHead, ListSplitter } from './list-splitter.ts'

const split = (text: string, chunkSize: number): { items: unknown[]; head: ListHead } => {
  const items: unknown[] = []
  const splitter = new ListSplitter(item => items.push(JSON.parse(item)))
  const bytes = Buffer.from(text)
  for (let offset = 0; offset < bytes.length; offset += chunkSize)
    splitter.push(bytes.subarray(offset, offset + chunkSize))
  return { items, head: splitter.end() }
}

const LISTS: readonly { name: string; value: unknown }[] = [
  {
    name: 'items between other fields',
    value: {
      kind: 'ServiceList',
      items: [{ a: 1 }, { b: [2, { c: 3 }] }],
      metadata: { resourceVersion: '7' },
    },
  },
  {
    name: 'no items',
    value: { kind: 'ServiceList', metadata: { resourceVersion: '7' }, items: [] },
  },
  {
    name: 'null for items',
    value: { kind: 'ServiceList', metadata: { resourceVersion: '7' }, items: null },
  },
  {
    name: 'a continue token',
    value: { kind: 'PodList', metadata: { resourceVersion: '7', continue: 'eyJ2' }, items: [{}] },
  },
  {
    name: 'brackets, quotes and backslashes in strings',
    value: {
      metadata: { resourceVersion: '7' },
      items: [{ a: '}]{["\\' }, { '"items":[': '\\"' }],
    },
  },
  {
    name: 'items inside of items',
    value: { metadata: { resourceVersion: '7' }, items: [{ items: [{ items: [] }] }] },
  },
  {
    name: 'items inside of metadata',
    value: { metadata: { items: [1, 2], resourceVersion: '7' }, items: [{ a: 1 }] },
  },
  {
    name: 'letters of several bytes',
    value: { metadata: { resourceVersion: '7' }, items: [{ name: 'bücher-例え-😀' }] },
  },
]

for (const { name, value } of LISTS)
  for (const chunkSize of [1, 2, 3, 7, 64, 100_000])
    for (const indent of [undefined, 2])
      test(`a list in chunks of ${chunkSize} bytes${indent ? ', indented' : ''}: ${name}`, () => {
        const {
          kind = '',
          metadata,
          items,
        } = value as {
          kind?: string
          metadata: { resourceVersion: string; continue?: string }
          items: unknown[]
        }
        assert.deepEqual(split(`${JSON.stringify(value, null, indent)}\n`, chunkSize), {
          items: items ?? [],
          head: {
            kind,
            resourceVersion: metadata.resourceVersion,
            continueToken: metadata.continue ?? '',
          },
        })
      })

const META = '"metadata":{"resourceVersion":"7"}'
const BROKEN: readonly { name: string; text: string; error: RegExp }[] = [
  { name: 'nothing', text: '', error: /ends in the middle/ },
  {
    name: 'cut off in the items',
    text: `{${META},"items":[{"a":1},{"b"`,
    error: /ends in the middle/,
  },
  {
    name: 'cut off after the items',
    text: `{${META},"items":[{"a":1}]`,
    error: /ends in the middle/,
  },
  { name: 'no version', text: '{"items":[]}', error: /no metadata\.resourceVersion/ },
  {
    name: 'null for metadata',
    text: '{"metadata":null,"items":[]}',
    error: /no metadata\.resourceVersion/,
  },
  { name: 'an array', text: '[[]]', error: /no metadata\.resourceVersion/ },
  { name: 'text that is no JSON', text: '<html>502</html>', error: /no JSON/ },
  { name: 'a frame that is no JSON', text: `{nonsense,${META}}`, error: /no JSON/ },
  {
    name: 'a string for an item',
    text: `{${META},"items":["a"]}`,
    error: /items holds what is no object/,
  },
  {
    name: 'null for an item',
    text: `{${META},"items":[null]}`,
    error: /items holds what is no object/,
  },
  { name: 'items twice', text: `{${META},"items":[],"items":[]}`, error: /items twice/ },
  { name: 'a second document', text: `{${META}}{}`, error: /something follows/ },
  { name: 'a closing brace alone', text: '}', error: /no JSON/ },
]

for (const { name, text, error } of BROKEN)
  for (const chunkSize of [1, 100_000])
    test(`refused in chunks of ${chunkSize} bytes: ${name}`, () =>
      assert.throws(() => split(text, chunkSize), error))

test('an item beyond the limit is refused while it comes, not kept', () => {
  const splitter = new ListSplitter(() => assert.fail('no item is whole'))
  splitter.push(Buffer.from(`{${META},"items":[{"a":"`))
  const chunk = Buffer.alloc(1024 * 1024, 0x61)
  let pushed = 0
  assert.throws(() => {
    for (; pushed < 2 * ITEM_LIMIT_BYTES; pushed += chunk.length) splitter.push(chunk)
  }, /larger than/)
  assert.ok(pushed <= ITEM_LIMIT_BYTES)
})

test('what is beside the items is bounded', () => {
  const splitter = new ListSplitter(() => undefined)
  splitter.push(Buffer.from('{"a":"'))
  assert.throws(() => {
    for (let count = 0; count < 20; count++) splitter.push(Buffer.alloc(100_000, 0x61))
  }, /beside its items/)
})

test('a great many arrays beside the items cost no more than their bytes', () => {
  const text = `{${'"a":[],'.repeat(100_000)}${META}}`
  assert.equal(split(text, 65_536).head.resourceVersion, '7')
})

/** What JSON.parse makes of it; undefined for what is no list. */
const reference = (text: string): unknown[] | undefined => {
  try {
    const { metadata, items } = JSON.parse(text)
    return typeof metadata.resourceVersion === 'string' && metadata.resourceVersion !== ''
      ? (items ?? [])
      : undefined
  } catch {
    return undefined
  }
}

test('damaged lists: an error of ours or, where JSON.parse sees a list, the same items', () => {
  const whole = JSON.stringify({
    kind: 'L',
    items: [{ a: '}"\\' }, { items: [1, { b: null }] }],
    metadata: { resourceVersion: '7' },
  })
  const letters = '{}[]",:\\a1 \n'
  let seed = 1
  const below = (count: number): number => {
    seed = (Math.imul(seed, 1_103_515_245) + 12_345) >>> 0
    return (seed >>> 8) % count
  }
  let lists = 0
  for (let round = 0; round < 20_000; round++) {
    let text = whole
    for (let changes = 1 + below(3); changes > 0; changes--) {
      const at = below(text.length)
      text =
        text.slice(0, at) +
        (below(2) === 0 ? letters[below(letters.length)] : '') +
        text.slice(at + below(2))
    }
    try {
      const { items } = split(text, 1 + below(20))
      const expected = reference(text)
      if (expected === undefined) continue
      lists++
      assert.deepEqual(items, expected, text)
    } catch (error) {
      if (error instanceof SyntaxError) continue
      assert.ok(error instanceof KubeError, `${text}: ${error}`)
    }
  }
  assert.ok(lists > 1000, `${lists} lists`)
})
