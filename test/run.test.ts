// What `npm test -- PATH` runs, and how it ends.

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { temporaryFolder } from './support/server-process.ts'
import { ROOT } from './support/source-files.ts'

const LIMIT = { timeout: 60_000 }
const PASSES = `import { test } from 'node:test'\ntest('passes', () => {})\ntest('too', () => {})\n`
const FAILS = `import { test } from 'node:test'\ntest('fails', () => { throw new Error('no') })\n`

const CASES = [
  { rule: 'a file', paths: ['one/passes.test.ts'], code: 0, summary: { tests: 2, fail: 0 } },
  { rule: 'a folder', paths: ['one'], code: 0, summary: { tests: 2, fail: 0 } },
  { rule: 'a pattern', paths: ['*/passes.test.ts'], code: 0, summary: { tests: 2, fail: 0 } },
  { rule: 'a failing test', paths: ['two'], code: 1, summary: { tests: 1, fail: 1 } },
  { rule: 'several', paths: ['one', 'two'], code: 1, summary: { tests: 3, fail: 1 } },
  {
    rule: 'flags',
    paths: ['one', '--test-name-pattern=too'],
    code: 0,
    summary: { tests: 1, fail: 0 },
  },
  { rule: 'a file that is not there', paths: ['three.test.ts'], code: 1, summary: undefined },
]

for (const { rule, paths, code, summary } of CASES)
  test(`npm test -- PATH: ${rule}`, LIMIT, t => {
    const folder = temporaryFolder(t)
    for (const [name, text] of [
      ['one/passes.test.ts', PASSES],
      ['two/fails.test.ts', FAILS],
    ] as const) {
      mkdirSync(join(folder, name, '..'), { recursive: true })
      writeFileSync(join(folder, name), text)
    }
    // A runner inside a test of another one reports to that, unless it does not know of it.
    const { NODE_TEST_CONTEXT: _, ...env } = process.env
    const { status, stdout } = spawnSync(process.execPath, [join(ROOT, 'test/run.ts'), ...paths], {
      cwd: folder,
      env,
      encoding: 'utf8',
    })
    assert.equal(status, code, stdout)
    const count = (name: string): number | undefined => {
      const found = new RegExp(`^ℹ ${name} (\\d+)$`, 'm').exec(stdout)
      return found === null ? undefined : Number(found[1])
    }
    const { tests, fail } = summary ?? {}
    assert.deepEqual({ tests: count('tests'), fail: count('fail') }, { tests, fail })
  })
