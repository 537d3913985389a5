// Corefiles and what CoreDNS says of them, through the command line's own code: `shardns check` on
// standard input.

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { run } from '../src/commands/run.ts'

interface Report {
  readonly code: number
  readonly ok: boolean
  /** Messages, with `Corefile` for standard input. */
  readonly errors: readonly string[]
  readonly warnings: readonly string[]
}

const check = async (text: string): Promise<Report> => {
  let out = ''
  const world = {
    out: (part: string) => void (out += part),
    err: (part: string) => assert.fail(part),
    serve: () => assert.fail('serves'),
    stdin: () => text,
  }
  const code = await run(['check', '--format', 'json', '--elsewhere', '-'], world)
  const [report] = JSON.parse(out)
  const messages = (severity: string): string[] =>
    report.diagnostics
      .filter((diagnostic: { severity: string }) => diagnostic.severity === severity)
      .map(({ message }: { message: string }) => message.replaceAll('/dev/stdin', 'Corefile'))
  return { code, ok: report.ok, errors: messages('error'), warnings: messages('warning') }
}

const NO_BLOCK = 'no server block: the built-in one, with whoami and log, is served instead'

const accepted: readonly { vector: number; text: string; warnings?: string[] }[] = [
  { vector: 1, text: '', warnings: [NO_BLOCK] },
  { vector: 2, text: '# only a comment', warnings: [NO_BLOCK] },
  { vector: 3, text: '(a) {\n log\n}', warnings: [NO_BLOCK] },
  { vector: 4, text: '.\nwhoami' },
  { vector: 5, text: '. {\nwhoami\n}' },
  { vector: 6, text: '.\n{\nwhoami\n}' },
  { vector: 11, text: 'a.org, b.org {\nwhoami\n}' },
  { vector: 12, text: 'a.org,\nb.org {\nwhoami\n}' },
  {
    vector: 14,
    text: 'a.org,b.org {\nwhoami\n}',
    warnings: ['Domain "a.org,b.org." does not follow RFC1035 preferred syntax'],
  },
  { vector: 17, text: '.:1053 {\n}' },
  { vector: 18, text: 'tls://. {\nwhoami\n}' },
  { vector: 19, text: '10.0.0.0/8 {\nwhoami\n}' },
  { vector: 20, text: '10.0.0.0/15 {\nwhoami\n}' },
  { vector: 21, text: '192.168.1.128/25 {\nwhoami\n}' },
  { vector: 22, text: '2001:db8::/32 {\nwhoami\n}' },
  { vector: 27, text: '{$SHARDNS_TEST_UNSET} . {\nwhoami\n}' },
  {
    vector: 29,
    text: '. {\nimport no-such.d/*.x\nwhoami\n}',
    warnings: ['No files matching import glob pattern: no-such.d/*.x'],
  },
  { vector: 45, text: '. {\nlog {combined}\nwhoami\n}' },
  { vector: 46, text: '. {\nlog . {combined}\nwhoami\n}' },
  { vector: 49, text: '\ufeff. {\r\nwhoami\r\n}\r\n' },
  { vector: 50, text: '. {\nforward . 192.0.2.1\nforward . 192.0.2.2\n}' },
  {
    vector: 51,
    text: 'foo://a.org {\nwhoami\n}',
    warnings: ['Domain "foo://a.org." does not follow RFC1035 preferred syntax'],
  },
  { vector: 52, text: 'a.org {\nbind 127.0.0.1\n}' },
  { vector: 53, text: '. {\nerrors\n}' },
]
for (const c of accepted)
  test(`vector ${c.vector}: accepted`, async () =>
    assert.deepEqual(await check(c.text), {
      code: 0,
      ok: true,
      errors: [],
      warnings: c.warnings ?? [],
    }))

const refused: readonly { vector: number; text: string; error: string; warnings?: string[] }[] = [
  {
    vector: 7,
    text: '. { whoami }',
    error: `Corefile:1 - Error during parsing: Unexpected '}' because no matching opening brace`,
  },
  {
    vector: 8,
    text: '. {\nwhoami',
    error: `Corefile:2 - Syntax error: Unexpected token 'whoami', expecting '}'`,
  },
  {
    vector: 9,
    text: '. {\nfoo\n}',
    error: `Corefile:2 - Error during parsing: Unknown directive 'foo'`,
  },
  {
    vector: 10,
    text: '. {\ncache {\nsuccess 1\n',
    error: 'Corefile:3 - Error during parsing: Unexpected EOF',
  },
  {
    vector: 13,
    text: 'a.org, {\nwhoami\n}',
    error: `Corefile:1 - Error during parsing: Expected another address but had '{' - check for extra comma`,
  },
  {
    vector: 15,
    text: 'a.org a.org {\nwhoami\n}',
    error: 'cannot serve dns://a.org.:53 - it is already defined',
  },
  {
    vector: 16,
    text: '. {\nwhoami\n}\n. {\nbind 127.0.0.1\nwhoami\n}',
    error: 'cannot serve dns://.:53 on 127.0.0.1 - zone overlap listener capacity with dns://.:53',
  },
  {
    vector: 23,
    text: '::1/128 {\nwhoami\n}',
    error: 'error inspecting server blocks: invalid CIDR ::1/128',
  },
  {
    vector: 24,
    text: ':1053 {\nwhoami\n}',
    error: 'error inspecting server blocks: zone is not a valid domain name: ',
  },
  {
    vector: 25,
    text: 'a.org: {\nwhoami\n}',
    error: 'error inspecting server blocks: expecting data after last colon: "a.org:"',
  },
  {
    vector: 26,
    text: 'a..org {\nwhoami\n}',
    error: 'error inspecting server blocks: zone is not a valid domain name: a..org',
  },
  {
    vector: 28,
    text: '. {\nimport nofile\n}',
    error: 'Corefile:2 - Error during parsing: File to import not found: nofile',
  },
  {
    vector: 30,
    text: '. {\nimport a b\n}',
    error:
      'Corefile:2 - Error during parsing: Import takes only one argument (glob pattern or file)',
  },
  {
    vector: 31,
    text: '. {\nimport later\n}\n(later) {\nwhoami\n}',
    error: 'Corefile:2 - Error during parsing: File to import not found: later',
  },
  {
    vector: 32,
    text: '(a) {\nlog\n}\n(a) {\nlog\n}',
    error: 'Corefile:4 - Error during parsing: redeclaration of previously declared snippet a',
  },
  {
    vector: 33,
    text: '(a) {\nimport a\n}',
    error: 'Corefile:3 - Error during parsing: maximum snippet import depth (10000) exceeded',
  },
  {
    vector: 34,
    text: '. {\ncache\ncache 5\n}',
    error: 'plugin/cache: this plugin can only be used once per Server Block',
  },
  {
    vector: 35,
    text: '. {\ncache {\nbogus\n}\n}',
    error: `plugin/cache: Corefile:3 - Error during parsing: Wrong argument count or unexpected line ending after 'bogus'`,
  },
  {
    vector: 36,
    text: '. {\nhealth {\nbogus\n}\n}',
    error: `plugin/health: Corefile:3 - Error during parsing: unknown property 'bogus'`,
  },
  {
    vector: 37,
    text: '. {\nerrors {\nbogus\n}\n}',
    error: `plugin/errors: Corefile:3 - Syntax error: Unexpected token 'bogus', expecting 'Unknown field bogus'`,
  },
  {
    vector: 38,
    text: '. {\nreload 1s\n}',
    error: 'plugin/reload: interval value must be greater or equal to 2s',
  },
  {
    vector: 39,
    text: '. {\nforward .\n}',
    error: `plugin/forward: Corefile:2 - Error during parsing: Wrong argument count or unexpected line ending after '.'`,
  },
  {
    vector: 40,
    text: '. {\nforward . 192.0.2.1 {\npolicy x\n}\n}',
    error: `plugin/forward: Corefile:3 - Error during parsing: unknown policy 'x'`,
  },
  {
    vector: 41,
    text: '. {\nforward . quic://192.0.2.1\n}',
    error: `plugin/forward: 'quic' is not supported as a destination protocol in forward: quic://192.0.2.1:853`,
  },
  {
    vector: 43,
    text: '10.0.0.0/8 {\nkubernetes\n}',
    error: 'plugin/kubernetes: non-reverse zone name must be used',
  },
  {
    vector: 44,
    text: '. {\nbufsize 100\n}',
    error: `plugin/bufsize: plugin/bufsize: Corefile:2 - Error during parsing: Wrong argument count or unexpected line ending after '100'`,
  },
  {
    vector: 47,
    text: '. {\nwhoami#x y\n}',
    error: `plugin/whoami: Corefile:2 - Error during parsing: Wrong argument count or unexpected line ending after 'y'`,
  },
]
for (const c of refused)
  test(`vector ${c.vector}: ${c.error}`, async () =>
    assert.deepEqual(await check(c.text), {
      code: 1,
      ok: false,
      errors: [c.error],
      warnings: c.warnings ?? [],
    }))

test('the Corefile of the seed passes, with one warning for `upstream`', async () => {
  const { code, errors, warnings } = await check(
    readFileSync(join(import.meta.dirname, 'fixtures/seed.Corefile'), 'utf8'),
  )
  assert.deepEqual({ code, errors }, { code: 0, errors: [] })
  assert.equal(warnings.filter(text => text.includes("'upstream'")).length, 1)
})
