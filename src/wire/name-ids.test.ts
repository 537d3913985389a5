import assert from 'node:assert/strict'
import test from 'node:test'
import { bytesOf, seeded, u16, wire } from '../../test/fakes/raw-message.ts'
import { foldName } from './name.ts'
import { NameIds, NO_ID } from './name-ids.ts'
import { nameToText } from './name-text.ts'
import { steps } from './work.ts'

const HEADER = '00'.repeat(12)
const pointer = (offset: number) => u16(0xc000 | offset)

test('NameIds: equal names have one number, whatever their case and their pointers', () => {
  // www.example.org at 12, the same in another case at 29, at 46 WWW and a pointer into the first,
  // at 52 a pointer to that.
  const bytes = bytesOf(
    HEADER,
    wire('www.example.org'),
    wire('wWw.eXample.org'),
    [3, 87, 87, 87],
    pointer(16),
    pointer(46),
  )
  const ids = new NameIds(1)
  ids.aim(bytes)
  const www = ids.id(12)
  assert.deepEqual(
    [29, 46, 52].map(at => ids.id(at)),
    [www, www, www],
  )
  assert.equal(ids.find(wire('www.example.org')), www)
  assert.equal(ids.find(wire('example.org')), ids.id(16))
  assert.notEqual(ids.id(16), www)
  assert.equal(ids.find(wire('www.org')), NO_ID)
  assert.equal(ids.find(wire('.')), ids.id(28))
})

test('NameIds: a message that was left has no names', () => {
  const ids = new NameIds(1)
  ids.aim(bytesOf(HEADER, wire('a.org')))
  ids.id(12)
  ids.leave()
  ids.aim(bytesOf(HEADER, wire('b.net')))
  assert.equal(ids.find(wire('a.org')), NO_ID)
  assert.notEqual(ids.id(12), NO_ID)
  assert.equal(ids.find(wire('B.net')), ids.id(12))
})

/**
 * Names that begin with random labels and end with pointers to earlier ones, with where they stand
 * and what they are.
 */
const randomNames = (
  draw: (below: number) => number,
): { bytes: Uint8Array; names: { at: number; text: string }[] } => {
  const chunks: number[] = new Array<number>(12).fill(0)
  const names: { at: number; text: string }[] = []
  for (let n = 0; n < 2000 && chunks.length < 0x3000; n++) {
    const at = chunks.length
    const own = Array.from({ length: draw(3) }, () =>
      String.fromCharCode((draw(2) === 0 ? 65 : 97) + draw(8)),
    )
    for (const letter of own) chunks.push(1, letter.charCodeAt(0))
    const rest = names.length === 0 || draw(20) === 0 ? undefined : names[draw(names.length)]
    const text = [...own, ...(rest === undefined || rest.text === '.' ? [''] : [rest.text])].join(
      '.',
    )
    if (text.length > 100) chunks.length = at
    else {
      chunks.push(...(rest === undefined ? [0] : pointer(rest.at)))
      names.push({ at, text: text === '' ? '.' : text })
    }
  }
  return { bytes: Uint8Array.from(chunks), names }
}

test('NameIds: numbers are equal where names are, over thousands of random names, in steps that the bytes account for', () => {
  const { bytes, names } = randomNames(seeded(7))
  assert.ok(names.length > 1000)
  const ids = new NameIds(0x1234567)
  ids.aim(bytes)
  const before = steps[0]!
  const numbers = names.map(({ at }) => ids.id(at))
  assert.ok(steps[0]! - before < 4 * bytes.length, `${steps[0]! - before} steps`)
  const byText = new Map(names.map(({ text }, k) => [text.toLowerCase(), numbers[k]]))
  for (const [k, { text }] of names.entries())
    assert.equal(numbers[k], byText.get(text.toLowerCase()), text)
  assert.equal(new Set(byText.values()).size, byText.size)
  for (const [text, number] of byText) {
    assert.equal(ids.find(foldName(wire(text))), number)
    assert.equal(nameToText(wire(text)), text)
  }
})
