// Braces too many, and blocks in blocks: text that CoreDNS reads in another way than it looks.

import assert from 'node:assert/strict'
import { networkInterfaces } from 'node:os'
import { test } from 'node:test'
import { diagnosticsOf, shownBriefly } from '../../test/fakes/check.ts'

const parsing = (line: number, text: string): string =>
  `Corefile:${line} - Error during parsing: ${text}`
const unknown = (line: number, name: string): string => parsing(line, `Unknown directive '${name}'`)
const named = (word: string): string =>
  `a server block with the name of the directive '${word}' begins here`
const ended = (line: number, column: number): string =>
  `${line}:${column} this '}' ended what stands above: a '}' too many?`
const tooMany = (word: string): string => `'${word}' is a directive: is a '}' too many above?`
const LAST = networkInterfaces().lo?.at(-1)?.address
const FILE_HINT = 'an imported file holds a server block: import it outside of the block'

const cases: readonly {
  name: string
  text: string
  files?: Record<string, string>
  found: readonly string[]
}[] = [
  {
    name: 'behind the block of a plugin',
    text: '. {\n errors\n health {\n   lameduck 5s\n }\n }\n ready\n cache 30\n}\n',
    found: [`7:2+5 ${named('ready')} | ${ended(6, 2)}`],
  },
  {
    name: 'in the middle of a block',
    text: '. {\n log\n}\n whoami\n}\n',
    found: [`4:2+6 ${named('whoami')} | ${ended(3, 1)}`],
  },
  {
    name: 'before a directive whose argument is a zone of its own',
    text: '. {\n errors\n }\n cache 30\n}\n',
    found: [`4:2+5 ${named('cache')} | ${ended(3, 2)}`],
  },
  {
    name: 'before a directive whose argument is a zone that is served already',
    text: '. {\n errors\n }\n forward . 192.0.2.53\n}\n',
    found: [
      `4:2+7 ${named('forward')} | ${ended(3, 2)}`,
      `4:10+1 cannot serve dns://.:53 - it is already defined | ${tooMany('forward')} | 1:1 the first one stands here`,
    ],
  },
  {
    name: 'before a directive whose argument is a zone that is served already, on an interface',
    text: '. {\n bind lo\n }\n forward . 192.0.2.53\n}\n',
    found: [
      `4:2+7 ${named('forward')} | ${ended(3, 2)}`,
      `4:10+1 cannot serve dns://.:53 - zone overlap listener capacity with dns://.:53 on ${LAST} | ${tooMany('forward')} | 1:1 the first one stands here`,
    ],
  },
  {
    name: 'before a directive whose argument is no zone',
    text: '. {\n errors\n }\n forward a..b\n}\n',
    found: [
      `4:2+7 ${named('forward')} | ${ended(3, 2)}`,
      `4:10+4 error inspecting server blocks: zone is not a valid domain name: a..b | ${tooMany('forward')}`,
    ],
  },
  {
    name: 'before a directive with options',
    text: '. {\n errors\n }\n cache {\n  success 5\n }\n log\n}\n',
    found: [
      `4:2+5 ${named('cache')} | ${ended(3, 2)}`,
      `5:3+7 ${unknown(5, 'success')} | ${tooMany('cache')} | ${ended(3, 2)}`,
      `7:2+3 ${named('log')} | ${ended(3, 2)}`,
    ],
  },
  {
    name: 'in a snippet',
    text: '(s) {\n errors\n }\n ready\n}\n. {\n import s\n}\n',
    found: [`4:2+5 ${named('ready')} | ${ended(3, 2)}`],
  },
  {
    name: 'no suspicion: a zone with the name of a directive',
    text: '. {\n whoami\n}\nlocal {\n whoami\n}\n',
    found: [],
  },
  {
    name: 'a misspelled directive in it is still one',
    text: '. {\n whoami\n}\nlocal {\n forwrad\n}\n',
    found: [
      `4:1+5 ${named('local')} | ${ended(3, 1)}`,
      `5:2+7 ${unknown(5, 'forwrad')} | did you mean 'forward'?`,
    ],
  },
  { name: 'no suspicion: it is the first block', text: 'local\nwhoami\n', found: [] },
  {
    name: 'an imported file with a server block',
    text: '. {\n errors\n import b.conf\n whoami\n}\n',
    files: { 'b.conf': 'b.example {\n whoami\n}\n' },
    found: [
      `1:1+9 @/b.conf:1 - Error during parsing: Unknown directive 'b.example' | ${FILE_HINT}`,
    ],
  },
  {
    name: 'a file that imports itself into its block',
    text: '. {\n import *\n}\n',
    found: [`1:1+1 ${unknown(1, '.')} | ${FILE_HINT}`],
  },
  {
    name: 'an imported snippet with a server block',
    text: '(s) {\n b.example {\n  whoami\n }\n}\n. {\n import s\n whoami x\n}\n',
    found: [
      `2:2+9 ${unknown(2, 'b.example')} | an imported snippet holds a server block: import it outside of the block`,
      `8:9+1 plugin/whoami: ${parsing(8, `Wrong argument count or unexpected line ending after 'x'`)}`,
    ],
  },
]
for (const c of cases)
  test(`check: ${c.name}`, async t =>
    assert.deepEqual((await diagnosticsOf(t, c.text, c.files)).map(shownBriefly), c.found))
