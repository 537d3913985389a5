import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fromBase64, fromHex, toBase64, toHex } from './byte-text.ts'

const CASES: readonly { bytes: readonly number[]; hex: string; base64: string }[] = [
  { bytes: [], hex: '', base64: '' },
  { bytes: [0], hex: '00', base64: 'AA==' },
  { bytes: [1, 2, 3], hex: '010203', base64: 'AQID' },
  { bytes: [251, 255, 191, 10], hex: 'fbffbf0a', base64: '+/+/Cg==' },
]

for (const { bytes, hex, base64 } of CASES)
  test(`bytes as text and back: '${hex}', '${base64}'`, () => {
    const given = Uint8Array.from(bytes)
    assert.equal(toHex(given), hex)
    assert.equal(toBase64(given), base64)
    assert.deepEqual(fromHex(hex), given)
    assert.deepEqual(fromHex(hex.toUpperCase()), given)
    assert.deepEqual(fromBase64(base64), given)
  })

test('a part of a buffer, which may be shared by threads', () => {
  const part = new Uint8Array(new SharedArrayBuffer(8), 2, 3).fill(171)
  assert.equal(toHex(part), 'ababab')
  assert.equal(toBase64(part), 'q6ur')
})

for (const hex of ['0', '000', '0g', 'g0', ' 00', '00 ', '0x00', '٠٠'])
  test(`no hex digits: '${hex}'`, () => assert.throws(() => fromHex(hex), SyntaxError))
