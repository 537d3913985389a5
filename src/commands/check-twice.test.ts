// Of two, one is too many: both places are shown.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { diagnosticsOf, shownBriefly } from '../../test/fakes/check.ts'

const parsing = (line: number, text: string): string =>
  `Corefile:${line} - Error during parsing: ${text}`
const defined = (zone: string): string => `cannot serve dns://${zone} - it is already defined`
const TWICE = 'the same lines are imported twice'

const cases: readonly {
  name: string
  text: string
  files?: Record<string, string>
  found: readonly string[]
}[] = [
  {
    name: 'the first of two zones',
    text: '. {\n whoami\n}\n\n.:53 {\n whoami\n}\n',
    found: [
      '5:1+4 cannot serve dns://.:53 - it is already defined | 1:1 the first one stands here',
    ],
  },
  {
    name: 'the first of two directives',
    text: '. {\n hosts\n whoami\n hosts\n}\n',
    found: [
      '4:2+5 plugin/hosts: this plugin can only be used once per Server Block | 2:2 the first one stands here',
    ],
  },
  {
    name: 'the first of two snippets',
    text: '(s) {\n log\n}\n(s) {\n errors\n}\n. {\n import s\n}\n',
    found: [
      `4:5+1 ${parsing(4, 'redeclaration of previously declared snippet s')} | 1:1 the first one stands here`,
    ],
  },
  {
    name: 'an address that bind names twice',
    text: '.:5300 {\n bind 127.0.0.1 127.0.0.1\n}\n',
    found: [`2:17+9 ${defined('.:5300 on 127.0.0.1')} | 2:7 the first one stands here`],
  },
  {
    name: 'an address that bind names beside its interface',
    text: '.:5300 {\n bind lo\n bind 127.0.0.1\n}\n',
    found: [`3:7+9 ${defined('.:5300 on 127.0.0.1')}`],
  },
  {
    name: 'a server block in a snippet that is imported twice',
    text: '(s) {\n a.example {\n  whoami\n }\n}\nimport s\nimport s\n',
    found: [`2:2+9 ${defined('a.example.:53')} | ${TWICE}`],
  },
  {
    name: 'a server block in a file that is imported twice',
    text: 'import b.conf\nimport b.conf\n',
    files: { 'b.conf': 'b.example {\n whoami\n}\n' },
    found: [`1:1+9 ${defined('b.example.:53')} | ${TWICE}`],
  },
  {
    name: 'a directive that is imported twice',
    text: '(s) {\n hosts\n}\n. {\n import s\n import s\n}\n',
    found: [`2:2+5 plugin/hosts: this plugin can only be used once per Server Block | ${TWICE}`],
  },
  {
    name: 'a snippet whose file is imported twice',
    text: 'import b.conf\nimport b.conf\n. {\n import s\n}\n',
    files: { 'b.conf': '(s) {\n whoami\n}\n' },
    found: [
      `1:5+1 @/b.conf:1 - Error during parsing: redeclaration of previously declared snippet s | ${TWICE}`,
    ],
  },
]
for (const c of cases)
  test(`check: ${c.name}`, async t =>
    assert.deepEqual((await diagnosticsOf(t, c.text, c.files)).map(shownBriefly), c.found))
