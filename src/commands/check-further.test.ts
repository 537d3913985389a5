// Behind the first fault of a directive: the others are found as well, and nothing is that only
// follows from it.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { diagnosticsOf, shownBriefly } from '../../test/fakes/check.ts'

const parsing = (line: number, text: string): string =>
  `Corefile:${line} - Error during parsing: ${text}`

const cases: readonly { name: string; text: string; found: readonly string[] }[] = [
  {
    name: 'several options of one directive, and of each occurrence',
    text: '. {\n forward . 192.0.2.1 {\n  polcy x\n  policy rnd\n  expire 1s\n  max_fails x\n }\n forward . 192.0.2.2 {\n  exprie 1s\n }\n}\n',
    found: [
      `3:3+5 plugin/forward: ${parsing(3, `unknown property 'polcy'`)} | did you mean 'policy'?`,
      `4:10+3 plugin/forward: ${parsing(4, `unknown policy 'rnd'`)}`,
      '6:13+1 plugin/forward: strconv.ParseUint: parsing "x": invalid syntax',
      `9:3+6 plugin/forward: ${parsing(9, `unknown property 'exprie'`)} | did you mean 'expire'?`,
    ],
  },
  {
    name: 'an argument before a block, and the block',
    text: '. {\n health foo {\n  lameduck x\n  bar\n }\n}\n',
    found: [
      '2:9+3 plugin/health: address foo: missing port in address',
      `3:12+1 plugin/health: unable to parse lameduck duration value: 'x' : time: invalid duration "x"`,
      `4:3+3 plugin/health: ${parsing(4, `unknown property 'bar'`)}`,
    ],
  },
  {
    name: 'a zone before a block, and the block',
    text: '. {\n kubernetes a..b {\n  pods foo\n  ttl x\n }\n}\n',
    found: [
      '2:13+4 plugin/kubernetes: non-reverse zone name must be used',
      '3:8+3 plugin/kubernetes: wrong value for pods: foo,  must be one of: disabled, verified, insecure',
      '4:7+1 plugin/kubernetes: strconv.Atoi: parsing "x": invalid syntax',
    ],
  },
  {
    name: 'an argument that cannot be left out before a block, and the block',
    text: '. {\n forward a..b 1.1.1.1 {\n  polcy x\n }\n cache -1 {\n  foo\n }\n}\n',
    found: [
      `2:10+4 plugin/forward: unable to normalize 'a..b'`,
      `3:3+5 plugin/forward: ${parsing(3, `unknown property 'polcy'`)} | did you mean 'policy'?`,
      '5:8+2 plugin/cache: cache TTL can not be zero or negative: -1',
      `6:3+3 plugin/cache: ${parsing(6, `Wrong argument count or unexpected line ending after 'foo'`)}`,
    ],
  },
  {
    name: 'an argument that is missing before a block',
    text: '. {\n forward . {\n  policy random\n }\n}\n',
    found: [
      `2:10+1 plugin/forward: ${parsing(2, `Wrong argument count or unexpected line ending after '.'`)}`,
    ],
  },
  ...[
    { policy: 'foo', found: '2:14+3 plugin/loadbalance: unknown policy: foo' },
    {
      policy: 'weighted',
      found: `2:14+8 plugin/loadbalance: ${parsing(2, 'missing weight file argument')}`,
    },
    {
      policy: 'round_robin x',
      found: `2:26+1 plugin/loadbalance: ${parsing(2, 'unknown property for round_robin')}`,
    },
  ].map(({ policy, found }) => ({
    name: `a block whose options depend on the argument that is wrong: loadbalance ${policy}`,
    text: `. {\n loadbalance ${policy} {\n  reload 5s\n }\n}\n`,
    found: [found],
  })),
  {
    name: 'what follows from a line that is wrong is no error of its own',
    text: '. {\n forward . 192.0.2.1 {\n  expire 1x\n  max_age 5s\n }\n}\n',
    found: ['3:10+2 plugin/forward: time: unknown unit "x" in duration "1x"'],
  },
]
for (const c of cases)
  test(`check: ${c.name}`, async t =>
    assert.deepEqual((await diagnosticsOf(t, c.text)).map(shownBriefly), c.found))
