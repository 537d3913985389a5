import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  fakeControl,
  fakeServe,
  options,
  parseError,
  type QueryOptions,
  query,
} from '../../../test/support/plugin-harness.ts'
import { COLLECTOR, METADATA, Metadata } from '../../chain/offers/metadata.ts'
import type { Query } from '../../chain/query/query.ts'
import { control } from './control.ts'
import { view } from './index.ts'
import { serve } from './serve.ts'

const refused = [
  {
    name: 'no name',
    text: 'view',
    message:
      "Corefile:2 - Error during parsing: Wrong argument count or unexpected line ending after 'view'",
  },
  {
    name: 'two names',
    text: 'view a b',
    message:
      "Corefile:2 - Error during parsing: Wrong argument count or unexpected line ending after 'b'",
  },
  {
    name: 'twice',
    text: 'view a\nview b',
    message: 'this plugin can only be used once per Server Block',
  },
  {
    name: 'an option that is none',
    text: 'view a {\nnope true\n}',
    message: "Corefile:3 - Error during parsing: unknown property 'nope'",
  },
  { name: 'no expression', text: 'view a {\nexpr\n}', message: 'unexpected token EOF' },
  {
    name: 'a function that is none',
    text: 'view a {\nexpr nope() == 1\n}',
    message: 'unknown name nope (1:1)\n | nope() == 1\n | ^',
  },
  {
    name: 'types that do not fit',
    text: 'view a {\nexpr true\nexpr port() > 1024\n}',
    message:
      'invalid operation: > (mismatched types string and int) (1:8)\n | port() > 1024\n | .......^',
  },
  {
    name: 'a regular expression that is none',
    text: "view a {\nexpr name() matches '('\n}",
    message:
      "error parsing regexp: missing closing ): `(` (1:8)\n | name() matches '('\n | .......^",
  },
]
for (const { name, text, message } of refused)
  test(`view refuses: ${name}`, () => assert.equal(parseError(view, text), message))

test('a fault shows the word of the line that it stands in', () => {
  try {
    options(view, 'view a {\nexpr type() == nope()\n}')
    assert.fail('it was taken')
  } catch (error) {
    const { span } = error as { span?: { line: number; column: number } }
    assert.deepEqual([span?.line, span?.column], [3, 16])
  }
})

const isTaken = (expressions: readonly string[], asked: Query): boolean => {
  const lines = expressions.map(text => `expr ${text}\n`).join('')
  const stage = serve(options(view, `view a {\n${lines}}`), fakeServe())
  return stage.accepts?.(asked) ?? assert.fail('it takes everything')
}

const TCP: QueryOptions = { transport: 'tcp' }
const cases: {
  expr: string | readonly string[]
  name?: string
  type?: string
  query?: QueryOptions
  takes?: boolean
}[] = [
  { expr: [] },
  { expr: 'true' },
  { expr: 'false', takes: false },
  { expr: ['true', 'false'], takes: false },
  { expr: '1', takes: false },
  { expr: 'name', takes: false },
  { expr: "type() == 'A'" },
  { expr: "type() == 'TYPE65280'", type: 'TYPE65280' },
  { expr: "class() == 'CH'", query: { class: 3 } },
  { expr: "name() == 'www.example.org.'", name: 'WWW.Example.ORG.' },
  { expr: String.raw`name() == 'a\\.b.example.org.'`, name: String.raw`a\.b.example.org.` },
  { expr: "proto() == 'udp'" },
  { expr: "proto() == 'tcp'", query: TCP },
  { expr: "proto() == 'tcp'", query: { transport: 'https' } },
  { expr: 'size() == 31' },
  { expr: "client_ip() == '192.0.2.7'", query: { client: '192.0.2.7' } },
  { expr: "client_ip() == '2001:db8::1'", query: { client: '2001:db8::1' } },
  {
    expr: "port() == '4711'",
    query: { client: { address: '192.0.2.7', port: 4711, family: 4 } },
  },
  { expr: 'id() == 4242', query: { id: 4242 } },
  { expr: 'opcode() == 4', query: { opcode: 4 } },
  { expr: 'do()', query: { do: true } },
  { expr: 'do()', takes: false },
  { expr: 'bufsize() == 512' },
  { expr: 'bufsize() == 512', query: { udpSize: 100 } },
  { expr: 'bufsize() == 1232', query: { udpSize: 1232 } },
  { expr: 'bufsize() == 65535', query: { ...TCP, udpSize: 1232 } },
  {
    expr: "server_ip() == '192.0.2.53' && server_port() == '5353'",
    query: { local: { address: '192.0.2.53', port: 5353, family: 4 } },
  },
  { expr: "incidr(client_ip(), '192.0.2.0/24')", query: { client: '192.0.2.7' } },
  { expr: "incidr(client_ip(), '192.0.2.8/29')", query: { client: '192.0.2.7' }, takes: false },
  { expr: "incidr(client_ip(), '2001:db8::/32')", query: { client: '2001:db8::1' } },
  { expr: "incidr(client_ip(), '::/0')", query: { client: '192.0.2.7' }, takes: false },
  { expr: "incidr('192.0.2.1', '192.0.2.0/24')" },
  { expr: "incidr(name(), '192.0.2.0/24')", takes: false },
  { expr: "incidr(client_ip(), 'x')", takes: false },
  { expr: "not incidr(client_ip(), 'x')", takes: false },
  { expr: "metadata('a/b') == ''" },
  { expr: 'all(1..2000, all(1..2000, true))', takes: false },
  { expr: `"any(split(name(), '.'), # == 'example')"`, name: 'a.example.org.' },
  { expr: "type() in ['A', 'AAAA'] and name() matches '^w+[.]'", name: 'www.example.org.' },
]
for (const { expr, name = 'a.example.org.', type = 'A', query: asked, takes = true } of cases) {
  const about = [name, type, asked && JSON.stringify(asked)].filter(Boolean).join(' ')
  test(`${JSON.stringify(expr)} ${takes ? 'takes' : 'does not take'} ${about}`, () =>
    assert.equal(isTaken([expr].flat(), query(name, type, asked)), takes))
}

test('what plugins know of a query is collected before the block is chosen', () => {
  const scope = fakeServe()
  const stage = serve(options(view, "view a {\nexpr metadata('x/type') == 'A'\n}"), scope)
  scope.offer(METADATA, (asked, set) => set('x/type', () => (asked.qtype === 1 ? 'A' : '?')))
  assert.equal(stage.accepts?.(query('a.test.', 'A')), false)
  scope.offer(COLLECTOR, asked => new Metadata(asked, scope.offered(METADATA)))
  assert.equal(stage.accepts?.(query('a.test.', 'A')), true)
  assert.equal(stage.accepts?.(query('a.test.', 'TXT')), false)
})

test('view/name tells which view has taken the query', () => {
  const scope = fakeServe()
  serve(options(view, 'view inside'), scope)
  const metadata = new Metadata(query('a.test.'), scope.offered(METADATA))
  assert.equal(metadata.get('view/name'), 'inside')
})

test('metrics call the block by its name; another expression makes it another block', () => {
  const settingsOf = (text: string) => {
    const scope = fakeControl()
    control(options(view, text), scope)
    return scope.settings
  }
  const [first, second] = ['do()', '!do()'].map(expr => settingsOf(`view a {\nexpr ${expr}\n}`))
  assert.deepEqual([first?.view, second?.view], ['a', 'a'])
  assert.notEqual(first?.selector, second?.selector)
  assert.notEqual(settingsOf('view ""').selector, '')
})
