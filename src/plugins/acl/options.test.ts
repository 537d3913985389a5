import assert from 'node:assert/strict'
import { test } from 'node:test'
import { directive, options, parseError } from '../../../test/support/plugin-harness.ts'
import { readOptions } from '../../chain/plugin/plugin.ts'
import { acl } from './index.ts'

const at = (text: string): string => `Corefile:3 - Error during parsing: ${text}`
const errors = [
  {
    name: 'an unknown action',
    line: 'deny',
    message: `unexpected token "deny"; expect 'allow', 'block', 'filter' or 'drop'`,
  },
  {
    name: 'a word other than type or net',
    line: 'block from 192.0.2.1',
    message: `unexpected token "from"; expect 'type | net'`,
  },
  {
    name: 'an empty type section',
    line: 'block type net *',
    message: 'no token specified in "type" section',
  },
  {
    name: 'an empty net section',
    line: 'block type A NET',
    message: 'no token specified in "net" section',
  },
  {
    name: 'an unknown type',
    line: 'block type BOGUS',
    message: 'unexpected token "BOGUS"; expect legal QTYPE',
  },
  {
    name: 'a type in lower case',
    line: 'block type a',
    message: 'unexpected token "a"; expect legal QTYPE',
  },
  {
    name: 'what is no address',
    line: 'block net localhost',
    message: 'illegal CIDR notation "localhost/32"',
  },
  {
    name: 'what is no IPv6 address',
    line: 'block net 2001:db8::g',
    message: 'illegal CIDR notation "2001:db8::g/128"',
  },
  {
    name: 'a prefix too long',
    line: 'block net 192.0.2.0/33',
    message: 'illegal CIDR notation "192.0.2.0/33"',
  },
]
for (const c of errors)
  test(`parse refuses: ${c.name}`, () =>
    assert.equal(parseError(acl, `acl {\n${c.line}\n}`), at(c.message)))

test('parse: rules and policies in order', () => {
  assert.deepEqual(
    options(
      acl,
      'acl Example.org {\nallow type A AAAA net ::1 192.0.2.0/24\nDROP\n}\nacl {\nblock\n}',
      'example.net example.com',
    ),
    [
      {
        zones: ['example.org.'],
        policies: [
          { action: 'allow', types: [1, 28], nets: ['::1/128', '192.0.2.0/24'] },
          { action: 'drop', types: undefined, nets: undefined },
        ],
      },
      {
        zones: ['example.net.', 'example.com.'],
        policies: [{ action: 'block', types: undefined, nets: undefined }],
      },
    ],
  )
})

test('parse: what is no zone is skipped with a warning', () => {
  const parsed = directive('acl a..b example.org {\nblock\n}')
  assert.deepEqual(readOptions(acl, parsed)[0]?.zones, ['example.org.'])
  assert.deepEqual(
    parsed.warnings.map(warning => warning.message),
    ['"a..b" is not a valid zone: acl does not guard it'],
  )
})
