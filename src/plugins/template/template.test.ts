// Which rule answers a question, and with what rcode, sections and flags.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { query, type Shown, show } from '../../../test/support/plugin-harness.ts'
import { ask, rule, start } from '../../../test/support/template-chain.ts'

/** `next`, or the rcode. */
const fate = ({ rcode, answer }: Shown): string => (answer[0]?.startsWith('next.') ? 'next' : rcode)

const fates: {
  rule: string
  text: string
  name?: string
  type?: string
  class?: number
  fate: string
}[] = [
  { rule: 'what matches is answered', text: rule('match ^www[.]'), fate: 'NOERROR' },
  { rule: 'without match all names match', text: rule(), fate: 'NOERROR' },
  {
    rule: 'a name in upper case matches as in lower case',
    text: rule('match ^www'),
    name: 'WWW.Example.ORG.',
    fate: 'NOERROR',
  },
  { rule: 'no match is SERVFAIL', text: rule('match ^x'), fate: 'SERVFAIL' },
  { rule: 'no match falls through', text: rule('match ^x', 'fallthrough'), fate: 'next' },
  {
    rule: 'no match falls through in its zones',
    text: rule('match ^x', 'fallthrough www.example.org'),
    fate: 'next',
  },
  {
    rule: 'and not elsewhere',
    text: rule('match ^x', 'fallthrough a.example.org'),
    fate: 'SERVFAIL',
  },
  {
    rule: 'the second expression matches',
    text: rule('match ^x ^w', 'rcode NXDOMAIN'),
    fate: 'NXDOMAIN',
  },
  { rule: 'another type passes', text: rule('match ^x'), type: 'AAAA', fate: 'next' },
  { rule: 'type ANY is every type', text: rule('rcode NXDOMAIN'), type: 'ANY', fate: 'NXDOMAIN' },
  {
    rule: 'a rule for ANY is for every type',
    text: 'template IN ANY {\nrcode NXDOMAIN\n}',
    type: 'TYPE65280',
    fate: 'NXDOMAIN',
  },
  { rule: 'another class passes', text: rule('rcode NXDOMAIN'), class: 3, fate: 'next' },
  { rule: 'class ANY is every class', text: rule('rcode NXDOMAIN'), class: 255, fate: 'NXDOMAIN' },
  {
    rule: 'a rule for class ANY is for every class',
    text: 'template ANY A {\nrcode NXDOMAIN\n}',
    class: 3,
    fate: 'NXDOMAIN',
  },
  { rule: 'another zone passes', text: 'template IN A a.example.org', fate: 'next' },
  { rule: 'names outside of the block pass', text: rule(), name: 'example.net.', fate: 'next' },
  {
    rule: 'the next rule for the type is tried',
    text: `${rule('match ^x', 'fallthrough')}\ntemplate IN A {\nrcode NXDOMAIN\n}`,
    fate: 'NXDOMAIN',
  },
  {
    rule: 'a rule without fallthrough ends it',
    text: `${rule('match ^x')}\ntemplate IN A {\nrcode NXDOMAIN\n}`,
    fate: 'SERVFAIL',
  },
  {
    rule: 'a rule for another zone does not',
    text: 'template IN A a.example.org {\nmatch ^x\n}\ntemplate IN A {\nrcode NXDOMAIN\n}',
    fate: 'NXDOMAIN',
  },
  {
    rule: 'expr is true',
    text: rule("expr name() == 'www.example.org.'", 'rcode NXDOMAIN'),
    fate: 'NXDOMAIN',
  },
  { rule: 'expr is false', text: rule('expr do()'), fate: 'SERVFAIL' },
  {
    rule: 'expr is false, and the name falls through',
    text: rule('expr do()', 'fallthrough'),
    fate: 'next',
  },
  {
    rule: 'all of them must be true',
    text: rule('expr true', 'expr do()', 'fallthrough'),
    fate: 'next',
  },
  { rule: 'what is no boolean is not true', text: rule('expr 1', 'fallthrough'), fate: 'next' },
  {
    rule: 'an expr sees variables behind it',
    text: rule('expr n == 5', 'var n 5', 'rcode NXDOMAIN'),
    fate: 'NXDOMAIN',
  },
  {
    rule: 'a variable sees those in front of it',
    text: rule('var a 2', 'var b a * a', 'expr b == 4', 'rcode NXDOMAIN'),
    fate: 'NXDOMAIN',
  },
  {
    rule: 'groups, by name and by number',
    text: rule(
      'match ^(?P<h>w+)[.]',
      "expr group('h') + string(group(1)) + group(0) + group('nope') == 'wwwwwwwww.'",
      'rcode NXDOMAIN',
    ),
    fate: 'NXDOMAIN',
  },
  { rule: 'rcode SERVFAIL', text: rule('rcode SERVFAIL'), fate: 'SERVFAIL' },
  ...['REFUSED', 'NOTIMP', 'FORMERR', 'YXDOMAIN', 'NOTAUTH'].map(rcode => ({
    rule: `rcode ${rcode}`,
    text: rule(`rcode ${rcode}`),
    fate: rcode,
  })),
]
for (const c of fates)
  test(`template: ${c.rule}`, async () => {
    const shown = await ask(c.text, c.name, c.type, c.class === undefined ? {} : { class: c.class })
    assert.equal(fate(shown), c.fate)
  })

test('a question of type or class ANY is told as the type and the class of the rule', async () => {
  const text = rule('answer "a. 5 IN TXT {{ .Class }} {{ .Type }}"')
  assert.deepEqual((await ask(text, 'a.example.org.', 'ANY', { class: 255 })).answer, [
    'a. 5 IN TXT "IN" "A"',
  ])
  const any = 'template ANY ANY {\nanswer "a. 5 IN TXT {{ .Class }} {{ .Type }}"\n}'
  assert.deepEqual((await ask(any, 'a.example.org.', 'ANY', { class: 255 })).answer, [
    'a. 5 IN TXT "ANY" "ANY"',
  ])
  assert.deepEqual((await ask(any, 'a.example.org.', 'TYPE65280')).answer, ['a. 5 IN TXT "IN"'])
})

test('sections in the order of the Corefile, and flags', async () => {
  const text = rule(
    'answer "a. 5 IN A 192.0.2.1"',
    'additional "c. 5 IN A 192.0.2.3"',
    'authority "d. 5 IN NS e."',
    'answer "b. 5 IN A 192.0.2.2"',
    'rcode REFUSED',
  )
  const shown = await ask(text, 'a.example.org.', 'A', { cd: true })
  assert.deepEqual(
    [shown.rcode, shown.flags, shown.answer, shown.authority, shown.additional],
    [
      'REFUSED',
      'qr aa rd cd',
      ['a. 5 IN A 192.0.2.1', 'b. 5 IN A 192.0.2.2'],
      ['d. 5 IN NS e.'],
      ['c. 5 IN A 192.0.2.3'],
    ],
  )
})

test('an extended error has an OPT record of its own, for clients without EDNS too', async () => {
  const shown = await ask(rule('ederror 258 no'))
  assert.deepEqual(shown.edns, {
    udpSize: 4096,
    do: true,
    version: 0,
    options: [{ code: 15, data: '01026e6f' }],
  })
})

test('rcode SERVFAIL has neither records nor an extended error, and nobody has written it', async () => {
  const { handle } = await start(
    rule('rcode SERVFAIL', 'ederror 1', 'answer "a. 5 IN A 192.0.2.1"'),
  )
  const reply = await handle(query('a.example.org.'))
  const { rcode, answer, edns, flags } = show(reply)
  assert.deepEqual(
    [rcode, answer, edns, flags, reply.isWritten],
    ['SERVFAIL', [], undefined, 'qr rd', false],
  )
})

test('a question over TCP is answered alike', async () => {
  const shown = await ask(rule('answer "a. 5 IN A 192.0.2.1"'), 'www.example.org.', 'A', {
    transport: 'tcp',
  })
  assert.deepEqual(shown.answer, ['a. 5 IN A 192.0.2.1'])
})
