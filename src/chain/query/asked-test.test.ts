// Property: what askedTest answers by numbers and bytes, the expression itself answers alike.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type QueryOptions, query } from '../../../test/support/plugin-harness.ts'
import { compileExpression } from '../../expression/expression.ts'
import { askedTest } from './asked-test.ts'
import type { Query } from './query.ts'
import { QUERY_FUNCTIONS } from './query-functions.ts'

const compile = (text: string) => compileExpression(text, { functions: QUERY_FUNCTIONS })

const ATOMS = [
  'true',
  'false',
  'do()',
  'do() == false',
  'true != do()',
  "type() == 'A'",
  "'AAAA' == type()",
  "type() != 'TXT'",
  "type() in ['A', 'AAAA', 'TYPE65280']",
  "type() in ['TYPE1', 'a', 'none', '']",
  "type() not in ['A']",
  'type() in []',
  "class() == 'IN'",
  "class() in ['CH', 'CLASS42']",
  "proto() == 'udp'",
  "proto() in ['tcp', 'quic']",
  "name() == 'www.example.org.'",
  "name() in ['www.example.org', 'WWW.example.org.', 'a.example.org.']",
  String.raw`name() == 'a\\.b.example.org.'`,
  String.raw`name() != '\\097.example.org.'`,
  "incidr(client_ip(), '192.0.2.0/24')",
  "incidr(client_ip(), '2001:db8::/32')",
  "incidr(client_ip(), '::/0')",
  "not incidr(client_ip(), '::ffff:192.0.2.0/120')",
  'bufsize() >= 1232',
  'bufsize() < 513',
  'bufsize() == 65535',
  'bufsize() > 511.5',
  'bufsize() != 9223372036854775807',
  'opcode() == 0',
  'opcode() <= 3',
]

const NOT_BY_NUMBERS = [
  'id() == 7',
  "metadata('a/b') == ''",
  "name() endsWith '.example.org.'",
  "name() matches 'a'",
  "incidr(client_ip(), 'x')",
  "incidr('192.0.2.1', '192.0.2.0/24')",
  "client_ip() == '192.0.2.1'",
  "port() == '53'",
  'size() > 100',
  'do() ? true : false',
  '512 < bufsize() < 1232',
  'bufsize() + 1 == 2',
  'type() == class()',
  '1',
]
for (const text of NOT_BY_NUMBERS)
  test(`${text} must be run`, () => assert.equal(askedTest(compile(text).tree), undefined))

/** mulberry32: the same sequence for each run. */
const generator = (seed: number): ((count: number) => number) => {
  let state = seed
  return count => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) % count
  }
}

const oneOf = <T>(list: readonly T[], draw: (count: number) => number): T => {
  const found = list[draw(list.length)]
  assert.ok(found !== undefined)
  return found
}

const anExpression = (draw: (count: number) => number, depth: number): string => {
  if (depth === 0 || draw(4) === 0) return oneOf(ATOMS, draw)
  const one = anExpression(draw, depth - 1)
  if (draw(4) === 0) return `${oneOf(['not ', '!'], draw)}(${one})`
  return `(${one}) ${oneOf(['and', 'or', '&&', '||'], draw)} (${anExpression(draw, depth - 1)})`
}

const NAMES = ['www.example.org.', 'A.example.org.', String.raw`a\.b.example.org.`, '.', 'x.']
const CLIENTS = ['192.0.2.7', '198.51.100.1', '2001:db8::1', '::ffff:192.0.2.9', '::1']

const aQuery = (draw: (count: number) => number): Query => {
  const edns: QueryOptions = draw(2) === 0 ? {} : { udpSize: oneOf([0, 512, 1232, 4096], draw) }
  return query(oneOf(NAMES, draw), oneOf(['A', 'AAAA', 'TXT', 'TYPE65280'], draw), {
    ...edns,
    do: draw(2) === 0,
    class: oneOf([1, 1, 3, 42], draw),
    opcode: oneOf([0, 0, 4], draw),
    transport: oneOf(['udp', 'tcp', 'https'] as const, draw),
    client: oneOf(CLIENTS, draw),
  })
}

test('numbers and bytes give what the expression gives', () => {
  const draw = generator(12)
  const counts = { yes: 0, no: 0 }
  for (let n = 0; n < 3000; n++) {
    const text = n < ATOMS.length ? (ATOMS[n] ?? '') : anExpression(draw, 3)
    const expression = compile(text)
    const quick = askedTest(expression.tree)
    assert.ok(quick !== undefined, text)
    for (let k = 0; k < 20; k++) {
      const asked = aQuery(draw)
      const isTrue: boolean = quick(asked)
      counts[isTrue ? 'yes' : 'no']++
      assert.equal(isTrue, expression.run(asked), text)
    }
  }
  assert.ok(Math.min(counts.yes, counts.no) > 10_000, JSON.stringify(counts))
})
