import assert from 'node:assert/strict'
import { test } from 'node:test'
import { notPlainIn } from './plain-data.ts'

const circle: { self?: unknown } = {}
circle.self = circle

function nested(depth: number): unknown {
  let value: unknown = []
  for (let k = 0; k < depth; k++) value = [value]
  return value
}
const detached = new ArrayBuffer(8)
structuredClone(detached, { transfer: [detached] })

const plain: { rule: string; value: unknown }[] = [
  { rule: 'nothing', value: undefined },
  { rule: 'words and numbers', value: ['a', 1, 2n, true, null, undefined] },
  { rule: 'objects in arrays in objects', value: { a: [{ b: { c: 1 } }] } },
  { rule: 'an object without a prototype', value: Object.assign(Object.create(null), { a: 1 }) },
  { rule: 'shared memory and bytes', value: [new SharedArrayBuffer(4), new Uint8Array(4)] },
  { rule: 'a circle', value: circle },
  { rule: 'lists in lists, 200 deep', value: nested(200) },
]
for (const { rule, value } of plain)
  test(`plain data: ${rule}`, () => {
    assert.equal(notPlainIn(value), undefined)
    assert.doesNotThrow(() => structuredClone(value))
  })

class Zone {}

const strange: { value: unknown; text: string }[] = [
  { value: () => 1, text: 'a function' },
  { value: { zones: [{ match: () => 1 }] }, text: "a function in 'zones.0.match'" },
  { value: [1, Symbol('x')], text: "a symbol in '1'" },
  { value: { pattern: /x/ }, text: "an object of class RegExp in 'pattern'" },
  { value: { zone: new Zone() }, text: "an object of class Zone in 'zone'" },
  { value: Promise.resolve(), text: 'an object of class Promise' },
  { value: { names: new Map() }, text: "an object of class Map in 'names'" },
  { value: { a: new Proxy({}, {}) }, text: '#<Object> could not be cloned.' },
  { value: nested(201), text: 'more than 200 objects in each other' },
  { value: nested(200_000), text: 'more than 200 objects in each other' },
  { value: { detached }, text: 'An ArrayBuffer is detached and could not be cloned.' },
  {
    value: {
      zones: [
        {
          get match() {
            return 1
          },
        },
      ],
    },
    text: "a getter in 'zones.0.match'",
  },
  { value: { a: new Proxy({}, { ownKeys: () => assert.fail('hidden') }) }, text: 'hidden' },
]
for (const { value, text } of strange)
  test(`not plain data: ${text}`, () => assert.equal(notPlainIn(value), text))
