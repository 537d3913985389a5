// The language against what expr-lang 1.17.8 was recorded to make of the same texts, with functions
// as CoreDNS has them; what differs on purpose; and the bounds.

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { CidrSet, parseCidr, parseIp } from '../base/ip.ts'
import type { OwnFunction } from './compiler.ts'
import { compileExpression, formatValue } from './expression.ts'
import { ExpressionError } from './expression-error.ts'
import { BOOL, INT, STRING, type Type, UNKNOWN } from './types.ts'
import { asText, goTypeOf, type Value } from './value.ts'

const RECORDED = new URL('../../test/fixtures/expressions.json', import.meta.url)

const giving = (gives: Type, value: Value): OwnFunction<undefined> => ({
  takes: [],
  gives,
  call: () => value,
})

const inCidr = (address: string, prefix: string): boolean => {
  const ip = parseIp(address)
  if (ip === undefined) throw new Error('first argument is not an IP address')
  const cidr = parseCidr(prefix)
  if (cidr === undefined) throw new Error(`invalid CIDR address: ${prefix}`)
  return new CidrSet([cidr]).has(ip)
}

const functions = new Map<string, OwnFunction<undefined>>([
  ['type', giving(STRING, 'A')],
  ['name', giving(STRING, 'www.example.org.')],
  ['class', giving(STRING, 'IN')],
  ['proto', giving(STRING, 'udp')],
  ['client_ip', giving(STRING, '192.0.2.7')],
  ['port', giving(STRING, '5353')],
  ['size', giving(INT, 40)],
  ['id', giving(INT, 7)],
  ['opcode', giving(INT, 0)],
  ['bufsize', giving(INT, 1232)],
  ['do', giving(BOOL, false)],
  ['server_ip', giving(STRING, '192.0.2.1')],
  ['server_port', giving(STRING, '53')],
  [
    'metadata',
    { takes: [STRING], gives: STRING, call: (_env, [label]) => (label === 'a/b' ? 'x,y,z' : '') },
  ],
  [
    'incidr',
    {
      takes: [STRING, STRING],
      gives: BOOL,
      call: (_env, [ip = null, cidr = null]) => inCidr(asText(ip), asText(cidr)),
    },
  ],
])

/** What becomes of it: its type and value, or when it fails and how. */
const outcomeOf = (text: string): readonly [string, string] => {
  let stage = 'compile'
  try {
    const expression = compileExpression(text, { functions })
    stage = 'run'
    const value = expression.run(undefined)
    return [goTypeOf(value), formatValue(value)]
  } catch (error) {
    assert.ok(error instanceof ExpressionError, String(error))
    return [stage, error.inFull(text)]
  }
}

const recorded = JSON.parse(readFileSync(RECORDED, 'utf8')) as [string, string, string][]
for (const [text, ...outcome] of recorded)
  test(`recorded: ${JSON.stringify(text)}`, () => assert.deepEqual(outcomeOf(text), outcome))

const refused = [
  { name: 'bytes', text: "b'abc'", message: 'bytes literals are not supported (1:1)' },
  { name: 'times', text: 'now()', message: 'function now() is not supported (1:1)' },
  {
    name: 'durations',
    text: "1 > duration('1h')",
    message: 'function duration() is not supported (1:5)',
  },
  {
    name: 'the builtin that CoreDNS hides',
    text: '::type()',
    message: 'function type() is not supported (1:3)',
  },
  { name: 'the environment as a whole', text: '$env.name', message: '$env is not supported (1:1)' },
  {
    name: 'methods of unknown values',
    text: "fromJSON('{}').a()",
    message: 'methods are not supported (1:16)',
  },
  {
    name: 'functions as values',
    text: 'let f = name; f()',
    message: 'functions are not values: call it with () (1:9)',
  },
  {
    name: 'a regular expression that is too long',
    text: `name() matches '${'a'.repeat(10_001)}'`,
    message: 'regex pattern too long: 10001 > 10000 (1:8)',
  },
  {
    name: 'a text that is too long',
    text: `'${'a'.repeat(1_100_000)}'`,
    message: 'expression is longer than 1048576 characters (1:1)',
  },
  {
    name: 'brackets in brackets',
    text: `${'('.repeat(300)}1${')'.repeat(300)}`,
    message: 'expression is nested too deeply (1:201)',
  },
  {
    name: 'operators behind each other without end',
    text: Array.from({ length: 2000 }, () => 'do()').join('||'),
    message: 'expression is nested too deeply (1:5993)',
  },
  {
    name: 'too many nodes',
    text: `[${Array.from({ length: 10_001 }, () => '1').join(',')}]`,
    message: 'expression exceeds maximum allowed nodes (1:20002)',
  },
]
for (const { name, text, message } of refused)
  test(`refused at load: ${name}`, () => {
    const error = errorOf(() => compileExpression(text, { functions }))
    assert.equal(error.at(text), message)
  })

const tooMuch = [
  { name: 'loops in loops', text: 'all(1..2000, all(1..2000, true))', message: 'too many steps' },
  { name: 'a range', text: 'len(1..1000001) > 0', message: 'too many steps' },
  {
    name: 'a range of all integers',
    text: 'len(-9223372036854775807..9223372036854775807)',
    message: 'too many steps',
  },
  { name: 'a string', text: "repeat('abc', 900000)", message: 'memory budget exceeded' },
  {
    name: 'a string that doubles',
    text: "reduce(1..40, #acc + #acc, 'ab')",
    message: 'memory budget exceeded',
  },
  {
    name: 'an array that is shared by arrays, as text',
    text: `let a = ['xxxxxxxx']; ${shared(12)} string(a12)`,
    message: 'memory budget exceeded',
  },
  {
    name: 'the same, as JSON',
    text: `let a = ['xxxxxxxx']; ${shared(12)} toJSON(a12)`,
    message: 'memory budget exceeded',
  },
  {
    name: 'the same, compared with its like',
    text: `let a = ['xxxxxxxx']; ${shared(12)} a12 == [a11,a11,a11,a11,a11,a11,a11,a11,a11,a11]`,
    message: 'too many steps',
  },
  {
    name: 'a match of a long text',
    text: `repeat('a', 100000) matches '${'(a?){9}'.repeat(100)}x$'`,
    message: 'too many steps',
  },
  {
    name: 'patterns without end',
    text: "all(1..1000, not ('a' matches repeat('a?', 300) + string(#)))",
    message: 'too many steps',
  },
  {
    name: 'arrays in arrays',
    text: "fromJSON(repeat('[', 20000) + repeat(']', 20000)) == 1 || string(fromJSON(repeat('[', 20000) + repeat(']', 20000))) == ''",
    message: 'Maximum call stack size exceeded',
  },
]
/** `let a1 = [a,a,…]; let a2 = [a1,a1,…]; …`: ten to the power of so many items. */
function shared(levels: number): string {
  return Array.from({ length: levels }, (_, level) => {
    const below = `a${level === 0 ? '' : level}`
    return `let a${level + 1} = [${Array.from({ length: 10 }, () => below).join(',')}];`
  }).join(' ')
}
for (const { name, text, message } of tooMuch)
  test(`ended while it runs: ${name}`, () => {
    const expression = compileExpression(text, { functions })
    assert.equal(errorOf(() => expression.run(undefined)).message, message)
  })

test('a shared operand is computed once, however deep the comparisons', () => {
  const text = Array.from({ length: 60 }).reduce(
    (inner: string) => `(0 < (${inner} ? 1 : 2) < 3)`,
    'true',
  )
  assert.equal(compileExpression(text, { functions }).run(undefined), true)
  const elvis = Array.from({ length: 60 }).reduce((inner: string) => `(${inner} ?: false)`, 'true')
  assert.equal(compileExpression(elvis, { functions }).run(undefined), true)
})

test('a fault in a very long line shows its place, not the line', () => {
  const text = `[${"'a', ".repeat(1000)} nope()]`
  const error = errorOf(() => compileExpression(text, { functions }))
  assert.equal(error.inFull(text), 'unknown name nope (1:5003)')
})

test('variables have the type that they are given, and their value when it runs', () => {
  const variables = new Map<string, Type>([
    ['count', INT],
    ['what', UNKNOWN],
  ])
  const expression = compileExpression("count + 1 == 3 && what == 'x'", { functions, variables })
  const values = new Map<string, Value>([
    ['count', 2n],
    ['what', 'x'],
  ])
  assert.equal(expression.run(undefined, values), true)
  const error = errorOf(() => compileExpression("count == 'x'", { functions, variables }))
  assert.equal(error.message, 'invalid operation: == (mismatched types int and string)')
})

test('an expression says its type and which functions it calls', () => {
  const expression = compileExpression("incidr(client_ip(), '192.0.2.0/24') && do()", { functions })
  assert.deepEqual(expression.type, BOOL)
  assert.deepEqual([...expression.called].sort(), ['client_ip', 'do', 'incidr'])
})

test('functions get what the expression is run for', () => {
  const own = new Map<string, OwnFunction<{ id: number }>>([
    ['id', { takes: [], gives: INT, call: env => env.id }],
  ])
  assert.equal(compileExpression('id() * 2', { functions: own }).run({ id: 21 }), 42n)
})

function errorOf(action: () => unknown): ExpressionError {
  try {
    action()
  } catch (error) {
    assert.ok(error instanceof ExpressionError, String(error))
    return error
  }
  throw new assert.AssertionError({ message: 'it did not fail' })
}
