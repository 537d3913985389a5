import assert from 'node:assert/strict'
import net from 'node:net'
import test from 'node:test'
import { isIP, isIPv6 } from './ip-text.ts'

const TEXTS = [
  ...['', ':', '::', ':::', '::1', '1::', '1', '1:2', '1:2:3:4:5:6:7:8', '1:2:3:4:5:6:7:8:9'],
  ...['1:2:3:4:5:6:7::', '::2:3:4:5:6:7:8', '1::3:4:5:6:7:8', '1:2:3:4:5:6:7:', ':2:3:4:5:6:7:8'],
  ...['1::2::3', '::1:2:3:4:5:6:7:8', '1:2:3:4::5:6:7:8', 'fe80::1%eth0', 'fe80::1%', '::%1%2'],
  ...['::ffff:192.0.2.1', '1:2:3:4:5:6:192.0.2.1', '1:2:3:4:5:6:7:192.0.2.1', '192.0.2.1::'],
  ...['::1:2:3:4:5:192.0.2.1', '::1:2:3:4:5:6:192.0.2.1', '1::192.0.2.256', '::192.0.2', '::1.'],
  ...['192.0.2.1', '192.0.2.01', '192.0.2.1%eth0', '::g', '::12345', '::1 ', ' ::1', '::1\n'],
  ...['FE80::ABCD', '::1%a b', '::1%a:b-c.d', '::1%ä', '::1%\n', 'eth0%::1', '[::1]', '1::2:'],
]

test('a text is an address where node:net says so', () => {
  for (const text of TEXTS) assert.equal(isIP(text), net.isIP(text), JSON.stringify(text))
})

test('the same for texts of random pieces', () => {
  const pieces = [
    '',
    ':',
    '::',
    '1',
    'ab',
    'ffff',
    '0',
    '12345',
    '192.0.2.1',
    '.',
    '%',
    '%eth0',
    'g',
  ]
  const counts = { yes: 0, no: 0 }
  let state = 1
  const random = (below: number): number => {
    state = (Math.imul(state, 1103515245) + 12345) & 0x7fffffff
    return (state >>> 8) % below
  }
  for (let round = 0; round < 200_000; round++) {
    const length = 1 + random(16)
    // Mostly groups between colons, so that many are addresses.
    const text = Array.from({ length }, (_, k) =>
      random(8) === 0 ? pieces[random(pieces.length)] : k % 2 === 0 ? 'a1' : random(6) ? ':' : '::',
    ).join('')
    assert.equal(isIPv6(text), net.isIPv6(text), JSON.stringify(text))
    counts[net.isIPv6(text) ? 'yes' : 'no']++
  }
  assert.ok(counts.yes > 1000 && counts.no > 1000, JSON.stringify(counts))
})
