// docs/library.md, followed to the letter: its files in a folder, its commands, and what they
// print.

import assert from 'node:assert/strict'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { pathToFileURL } from 'node:url'
import { type CommandStep, patternOf, stepsOf } from '../support/page-steps.ts'
import { type Cleanup, temporaryFolder, WatchedProcess } from '../support/server-process.ts'
import { ROOT, readRepositoryFile } from '../support/source-files.ts'

const LIMIT = { timeout: 60_000 }
const STEPS = stepsOf(readRepositoryFile('docs/library.md'))

/** Where `shardns` leads to for a program that has not installed it: to the source. */
const SOURCE = `
import { registerHooks } from 'node:module'
const url = ${JSON.stringify(pathToFileURL(join(ROOT, 'src/index.ts')).href)}
registerHooks({
  resolve: (specifier, context, next) =>
    specifier === 'shardns' ? { url, shortCircuit: true } : next(specifier, context),
})
`

const folderOf = (t: Cleanup): string => {
  const folder = join(temporaryFolder(t), 'page')
  mkdirSync(folder)
  for (const step of STEPS)
    if (step.kind === 'file') writeFileSync(join(folder, step.name), step.text)
  writeFileSync(join(folder, 'source.mjs'), SOURCE)
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }')
  return folder
}

const commands = STEPS.filter((step): step is CommandStep => step.kind === 'command')

for (const { command, prints } of commands)
  test(`docs/library.md: ${command}`, LIMIT, async t => {
    const [program, ...args] = command.split(' ')
    assert.equal(program, 'node')
    // Within a test Node would run no tests; what they print is for a terminal.
    const flags = ['--import', './source.mjs', '--test-reporter=spec']
    const node = ['-u', 'NODE_TEST_CONTEXT', process.execPath, ...flags]
    const child = new WatchedProcess(t, 'env', [...node, ...args], folderOf(t))
    const code = await child.exited
    const shown = `${child.out}${child.err}`
    assert.match(child.out, patternOf(prints), shown)
    assert.equal(child.err, '', shown)
    assert.equal(code, 0)
  })

test('docs/library.md: each file that is a program is run', () => {
  const run = commands.map(({ command }) => command.split(' ').at(-1))
  const programs = STEPS.flatMap(step =>
    step.kind === 'file' && /\bcreateServer\(/.test(step.text) ? [step.name] : [],
  )
  assert.deepEqual(run, programs)
})
