// Faults of the text itself: all of them in one run, in order, each once, with what probably caused
// it.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { diagnosticsOf, shownBriefly } from '../../test/fakes/check.ts'
import { quicText } from '../process/load/load.ts'

const parsing = (line: number, text: string): string =>
  `Corefile:${line} - Error during parsing: ${text}`
const unknown = (line: number, name: string): string => parsing(line, `Unknown directive '${name}'`)
const external = (name: string): string =>
  `'${name}' is an external plugin, in no stock build of CoreDNS, and not in shardns: a module of your own is loaded by --plugin ${name}=MODULE`
const missing = (line: number, column: number): string =>
  `a '}' is missing | ${line}:${column} this '{' is never closed`
const isDirective = (word: string): string => `'${word}' is a directive: is a '}' missing above?`
const UTF16 = 'the file is not UTF-8 but probably UTF-16: save it as UTF-8'

const cases: readonly { name: string; text: string; found: readonly string[] }[] = [
  {
    name: 'unknown directives, failing imports and faults of plugins in one run, by line',
    text: '. {\n whoami x\n forwrad\n import nope\n reload 1s\n import\n import a b\n cahce {\n  x\n }\n}\nexample.org:x:y {\n any x\n}\n',
    found: [
      `2:9+1 plugin/whoami: ${parsing(2, `Wrong argument count or unexpected line ending after 'x'`)}`,
      `3:2+7 ${unknown(3, 'forwrad')} | did you mean 'forward'?`,
      `4:9+4 ${parsing(4, 'File to import not found: nope')} | a snippet must be defined above its first use`,
      '5:9+2 plugin/reload: interval value must be greater or equal to 2s',
      `6:2+6 ${parsing(6, `Wrong argument count or unexpected line ending after 'import'`)}`,
      `7:11+1 ${parsing(7, 'Import takes only one argument (glob pattern or file)')}`,
      `8:2+5 ${unknown(8, 'cahce')} | did you mean 'cache'?`,
      `13:6+1 plugin/any: ${parsing(13, `Wrong argument count or unexpected line ending after 'x'`)}`,
    ],
  },
  {
    name: 'the error of a snippet comes once',
    text: '(s) {\n whoami x\n}\na.example {\n import s\n}\nb.example {\n import s\n}\n',
    found: [
      `2:9+1 plugin/whoami: ${parsing(2, `Wrong argument count or unexpected line ending after 'x'`)}`,
    ],
  },
  {
    name: 'every key of every block',
    text: 'a..b c..d {\n whoami\n}\nquic://e.example {\n whoami x\n}\n',
    found: [
      '1:1+4 error inspecting server blocks: zone is not a valid domain name: a..b',
      '1:6+4 error inspecting server blocks: zone is not a valid domain name: c..d',
      `4:1+16 ${quicText('quic')}`,
      `5:9+1 plugin/whoami: ${parsing(5, `Wrong argument count or unexpected line ending after 'x'`)}`,
    ],
  },
  {
    name: 'names from outside, and of before',
    text: '. {\n k8s_gateway\n alternate x\n proxy . x\n federation\n kubernetes cluster.local {\n  resyncperiod 5m\n }\n}\n',
    found: [
      `2:2+11 ${unknown(2, 'k8s_gateway')} | ${external('k8s_gateway')}`,
      `3:2+9 ${unknown(3, 'alternate')} | ${external('alternate')}; 'next' in forward does the same`,
      `4:2+5 ${unknown(4, 'proxy')} | since 1.5 CoreDNS has no proxy: use forward, as in forward . /etc/resolv.conf`,
      `5:2+10 ${unknown(5, 'federation')} | since 1.7 CoreDNS has no federation`,
      `7:3+12 plugin/kubernetes: ${parsing(7, `unknown property 'resyncperiod'`)} | resyncperiod was retired in CoreDNS 1.7: leave it out`,
    ],
  },
  {
    name: 'an option without its plugin',
    text: '. {\n lameduck 5s\n fallthrough\n}\n',
    found: [
      `2:2+8 ${unknown(2, 'lameduck')} | 'lameduck' is an option of health`,
      `3:2+11 ${unknown(3, 'fallthrough')} | 'fallthrough' is an option of file, hosts, k8s_external, kubernetes and template`,
    ],
  },
  {
    name: 'the brace of a server block at the end of the file',
    text: '. {\n whoami\n forwrad\n',
    found: [
      `3:2+7 ${unknown(3, 'forwrad')} | did you mean 'forward'?`,
      `3:2+7 Corefile:3 - Syntax error: Unexpected token 'forwrad', expecting '}' | ${missing(1, 3)}`,
    ],
  },
  {
    name: 'the brace of a server block before the next one',
    text: '. {\n whoami\n\nexample.org {\n whoami x\n}\n',
    found: [
      `4:1+11 ${unknown(4, 'example.org')} | ${missing(1, 3)}`,
      `5:9+1 plugin/whoami: ${parsing(5, `Wrong argument count or unexpected line ending after 'x'`)}`,
    ],
  },
  {
    name: 'a line of hosts outside of hosts is no next block',
    text: '. {\n 192.0.2.1 www.example.org\n a.example x\n whoami x\n}\n',
    found: [
      `2:2+9 ${unknown(2, '192.0.2.1')} | '192.0.2.1' is an address: is this a line of hosts?`,
      `3:2+9 ${unknown(3, 'a.example')}`,
      `4:9+1 plugin/whoami: ${parsing(4, `Wrong argument count or unexpected line ending after 'x'`)}`,
    ],
  },
  {
    name: 'the brace of a plugin at the end of the file',
    text: '. {\n whoami x\n cache {\n  success 5\n',
    found: [
      `2:9+1 plugin/whoami: ${parsing(2, `Wrong argument count or unexpected line ending after 'x'`)}`,
      `4:11+1 ${parsing(4, 'Unexpected EOF')} | ${missing(3, 8)}`,
    ],
  },
  {
    name: 'the brace of a snippet',
    text: '(s) {\n whoami\n',
    found: [
      `2:2+6 Corefile:2 - Syntax error: Unexpected token 'whoami', expecting '}' | ${missing(1, 5)}`,
    ],
  },
  ...[
    { plugin: 'health', option: 'lameduck 5s', message: parsing(4, `unknown property 'log'`) },
    {
      plugin: 'cache',
      option: 'success 5',
      message: parsing(4, `Wrong argument count or unexpected line ending after 'log'`),
    },
    {
      plugin: 'acl',
      option: 'block type ANY',
      message: parsing(4, `unexpected token "log"; expect 'allow', 'block', 'filter' or 'drop'`),
    },
    { plugin: 'bind ::1', option: 'except ::2', message: 'invalid option "log"' },
  ].map(({ plugin, option, message }) => ({
    name: `the brace of ${plugin} before a directive`,
    text: `. {\n ${plugin} {\n  ${option}\n log\n errors\n}\n`,
    found: [
      `4:2+3 plugin/${plugin.split(' ')[0]}: ${message} | ${isDirective('log')} | 2:${plugin.length + 3} this '{' is still open`,
    ],
  })),
  {
    name: 'a quote',
    text: '. {\n log "abc\n}\n',
    found: [
      `2:6+4 Corefile:2 - Syntax error: Unexpected token 'abc\n}\n', expecting '}' | the quote is never closed: it goes on to the end of the file | 1:3 this '{' is never closed`,
    ],
  },
  {
    name: 'a quote that CoreDNS takes',
    text: 'example.org\nwhoami\nlog . "{remote}\n',
    found: ['3:7+9 the quote is never closed: it goes on to the end of the file'],
  },
  {
    name: 'a block on one line',
    text: '. { whoami }\n',
    found: [
      `1:12+1 ${parsing(1, `Unexpected '}' because no matching opening brace`)} | a directive goes on to the end of its line: put the '}' on a line of its own`,
    ],
  },
  {
    name: 'no blank before the brace of a key with a port',
    text: '.:53{\n whoami\n}\n',
    found: [
      `1:1+5 error inspecting server blocks: zone is not a valid domain name: .:53{ | a blank is missing before the '{'`,
    ],
  },
  {
    name: 'no blank before the brace of a zone, which CoreDNS takes',
    text: 'example.org{\n whoami\n}\n',
    found: [`1:1+12 a blank is missing before the '{': it is taken for a part of the zone`],
  },
  {
    name: 'no blank before the brace of a directive',
    text: '. {\n health{\n  lameduck 5s\n }\n whoami x\n}\n',
    found: [
      `2:2+7 ${unknown(2, 'health{')} | a blank is missing before the '{'`,
      `5:9+1 plugin/whoami: ${parsing(5, `Wrong argument count or unexpected line ending after 'x'`)}`,
    ],
  },
  {
    name: 'a comment of another language above the block',
    text: '// hello\n. {\n whoami\n}\n',
    found: [`2:1+1 ${unknown(2, '.')} | comments begin with '#'`],
  },
  {
    name: 'a comment of another language in the block',
    text: '. {\n // hello\n whoami\n}\n',
    found: [`2:2+2 ${unknown(2, '//')} | comments begin with '#'`],
  },
  {
    name: 'a ConfigMap',
    text: 'apiVersion: v1\nkind: ConfigMap\ndata:\n  Corefile: |\n    . {\n        errors\n    }\n',
    found: [
      `2:1+5 ${unknown(2, 'kind:')} | this is YAML around a Corefile: give the text under its key alone, as kubectl get configmap NAME -o jsonpath='{.data.Corefile}' prints it`,
    ],
  },
  {
    name: 'UTF-16',
    text: '\ufffd\ufffd.\0 \0{\0\n\0w\0h\0o\0\n\0}\0\n\0',
    found: [`2:1+7 ${unknown(2, '\0w\0h\0o\0')} | ${UTF16}`],
  },
  {
    name: 'a brace too many, and what follows it',
    text: '. {\n whoami\n}\n}\nexample.org {\n whoami x\n}\n',
    found: [
      `4:1+1 this '}' closes nothing: it is taken for a zone`,
      `5:1+11 ${unknown(5, 'example.org')} | 4:1 this '}' closes nothing`,
      `6:9+1 plugin/whoami: ${parsing(6, `Wrong argument count or unexpected line ending after 'x'`)}`,
    ],
  },
  {
    name: 'a brace too many at the end, which CoreDNS takes',
    text: '. {\n whoami\n}\n}\n',
    found: [`4:1+1 this '}' closes nothing: it is taken for a zone`],
  },
  {
    name: 'the brace of hosts before a directive, which CoreDNS takes',
    text: '. {\n hosts {\n  192.0.2.1 a.example\n\n forward . 192.0.2.2\n}\n',
    found: [`5:2+7 plugin/hosts: ${isDirective('forward')} It is passed over as a line of hosts`],
  },
  {
    name: 'variables that are not set',
    text: '{$SHARDNS_NO_ZONE} {\n whoami\n}\n. {\n forward . {$SHARDNS_NO_A}{%SHARDNS_NO_B%}\n}\n',
    found: [
      '1:1+18 server block without a zone is ignored | environment variable SHARDNS_NO_ZONE is not set',
      '5:12+31 plugin/forward: invalid address: "" | environment variables SHARDNS_NO_B, SHARDNS_NO_A are not set',
    ],
  },
  ...['cache', 'log'].map(directive => ({
    name: `a variable that is not set, where ${directive} takes nothing as well`,
    text: `. {\n ${directive} {$SHARDNS_NO_A}\n}\n`,
    found: [`2:${directive.length + 3}+15 environment variable SHARDNS_NO_A is not set`],
  })),
  {
    name: 'a variable that is not set in a snippet that is used twice',
    text: '(s) {\n log a{$SHARDNS_NO_A}.example\n}\na.example {\n import s\n}\nb.example {\n import s\n}\n',
    found: ['2:6+24 environment variable SHARDNS_NO_A is not set'],
  },
  ...[
    { directive: 'root', message: 'Root path does not exist: ' },
    { directive: 'hosts', message: 'File does not exist: ' },
  ].map(({ directive, message }) => ({
    name: `a variable that is not set, in ${directive}`,
    text: `. {\n ${directive} {$SHARDNS_NO_A}\n}\n`,
    found: [
      `2:${directive.length + 3}+15 plugin/${directive}: ${message} | environment variable SHARDNS_NO_A is not set`,
    ],
  })),
  {
    name: 'a line of hosts the wrong way round',
    text: '. {\n hosts {\n  www.example.org 192.0.2.1\n  192.0.2.2 a.example.org\n }\n}\n',
    found: [
      `3:3+15 plugin/hosts: an entry is ADDRESS NAME: this line is passed over, write '192.0.2.1 www.example.org'`,
    ],
  },
  {
    name: 'a duration that cache takes for a zone',
    text: '. {\n cache 30s\n}\n',
    found: [`2:8+3 '30s' is read as a zone: the TTL is a bare number of seconds, as in cache 30`],
  },
  {
    name: 'a zone of cache that begins with a digit',
    text: '. {\n cache 3com.example\n}\n',
    found: [],
  },
  {
    name: 'no server block',
    text: '# nothing\n',
    found: ['no server block: the built-in one, with whoami and log, is served instead'],
  },
]
for (const c of cases)
  test(`check: ${c.name}`, async t =>
    assert.deepEqual((await diagnosticsOf(t, c.text)).map(shownBriefly), c.found))

const many: readonly { name: string; text: string }[] = [
  { name: 'unknown directives', text: `. {\n${'forwrad\n'.repeat(1000)}}\n` },
  { name: 'unknown options', text: `. {\nforward . 192.0.2.1 {\n${'polcy\n'.repeat(1000)}}\n}\n` },
  {
    name: 'suspicious lines',
    text: Array.from({ length: 1000 }, (_, i) => `z${i} {\n cache 30s\n}\n`).join(''),
  },
  { name: 'server blocks that overlap', text: '. {\n}\n'.repeat(1000) },
  { name: 'variables that are not set', text: `. {\n${'log {$SHARDNS_NO_A}\n'.repeat(1000)}}\n` },
  { name: 'lines of hosts', text: `. {\nhosts {\n${'a.example 192.0.2.1\n'.repeat(1000)}}\n}\n` },
]
for (const c of many)
  test(`check: a hundred of a thousand are enough: ${c.name}`, async t =>
    assert.equal((await diagnosticsOf(t, c.text)).length, 100))

test('check: an import of itself, and more blocks than a stack holds, are faults like others', async t => {
  const blocks = await diagnosticsOf(t, '. {\n}\n'.repeat(130_000))
  assert.equal(blocks.length, 100)
  const [first] = await diagnosticsOf(t, 'import Corefile\n. {\n whoami\n}\n')
  assert.equal(first?.severity, 'error')
})

test('check: a NUL is a character like any other, UTF-16 is not', async t => {
  const [nul] = await diagnosticsOf(t, '. {\n who\0ami\n}\n')
  assert.doesNotMatch(nul?.hint ?? '', /UTF-16/)
  const [utf16] = await diagnosticsOf(t, Array.from('. {\n whoami\n}\n').join('\0'))
  assert.match(utf16?.hint ?? '', /UTF-16/)
})
