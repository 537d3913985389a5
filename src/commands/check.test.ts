import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { type CheckOptions, check } from './check.ts'

const folder = mkdtempSync(join(tmpdir(), 'shardns-check-'))
after(() => rmSync(folder, { recursive: true }))

const write = (name: string, text: string): string => {
  const path = join(folder, name)
  writeFileSync(path, text)
  return path
}

const good = write('good', '. {\nwhoami\n}\n')
const bad = write('bad', '. {\n    wohami\n}\n')
const warned = write('warned', '_x.example.org {\n    whoami\n}\n')
const missing = join(folder, 'missing')
mkdirSync(join(folder, 'folder'))

interface Result {
  readonly code: number
  readonly out: string
}

const show = async (files: string[], options: Partial<CheckOptions> = {}): Promise<Result> => {
  let out = ''
  const world = {
    out: (text: string) => void (out += text),
    stdin: () => assert.fail('reads standard input'),
  }
  const code = await check(
    files,
    { format: 'text', strict: false, elsewhere: false, ...options },
    world,
  )
  return { code, out: out.replaceAll(`${folder}/`, '') }
}

test('text: the place, CoreDNS words, a caret and a hint', async () =>
  assert.deepEqual(await show([bad]), {
    code: 1,
    out: [
      `bad:2:5: error: Unknown directive 'wohami'`,
      `        wohami`,
      `        ^^^^^^`,
      `    hint: did you mean 'whoami'?`,
      `bad: 1 error`,
      ``,
    ].join('\n'),
  }))

test('text: a warning is no error', async () =>
  assert.deepEqual(await show([warned]), {
    code: 0,
    out: [
      `warned:1:1: warning: Domain "_x.example.org." does not follow RFC1035 preferred syntax`,
      `    _x.example.org {`,
      `    ^^^^^^^^^^^^^^`,
      `warned: 1 warning`,
      ``,
    ].join('\n'),
  }))

const codes: readonly { name: string; files: string[]; strict?: boolean; code: number }[] = [
  { name: 'no errors', files: [good], code: 0 },
  { name: 'no errors, strictly', files: [good], strict: true, code: 0 },
  { name: 'warnings', files: [warned], code: 0 },
  { name: 'warnings, strictly', files: [warned], strict: true, code: 1 },
  { name: 'one of several has errors', files: [good, bad, good], code: 1 },
  { name: 'one of several is missing', files: [bad, missing], code: 2 },
  { name: 'an empty folder', files: [join(folder, 'folder')], code: 2 },
]
for (const c of codes)
  for (const format of ['text', 'json'])
    test(`exit code ${c.code} as ${format}: ${c.name}`, async () => {
      assert.equal((await show(c.files, { format, strict: c.strict ?? false })).code, c.code)
    })

test('json: one object per file, with place and stable code', async () => {
  const { out } = await show([good, bad, missing], { format: 'json' })
  assert.deepEqual(JSON.parse(out), [
    { file: 'good', ok: true, diagnostics: [] },
    {
      file: 'bad',
      ok: false,
      diagnostics: [
        {
          severity: 'error',
          code: 'unknown-directive',
          message: `bad:2 - Error during parsing: Unknown directive 'wohami'`,
          file: 'bad',
          line: 2,
          column: 5,
          length: 6,
          hint: `did you mean 'whoami'?`,
        },
      ],
    },
    {
      file: 'missing',
      ok: false,
      diagnostics: [
        {
          severity: 'error',
          code: 'unreadable-file',
          message: 'open missing: no such file or directory',
        },
      ],
    },
  ])
})

test('json: ok is false for warnings when checked strictly', async () => {
  const [report] = JSON.parse((await show([warned], { format: 'json', strict: true })).out)
  assert.equal(report.ok, false)
  assert.equal(report.diagnostics[0].severity, 'warning')
})
