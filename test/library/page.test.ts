// docs/library.md, followed to the letter: its files in a folder, its commands, and what they
// print. Once with the sources, and with the package on each Node that reads TypeScript.

import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, type TestContext, test } from 'node:test'
import { pathToFileURL } from 'node:url'
import { messageOf } from '../../src/chain/errors.ts'
import { installPackage } from '../support/checkout-copy.ts'
import { NEWER, otherNode } from '../support/other-nodes.ts'
import { type CommandStep, patternOf, stepsOf } from '../support/page-steps.ts'
import {
  type Cleanup,
  temporaryFolder,
  WatchedProcess,
  without,
} from '../support/server-process.ts'
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

const writeFiles = (folder: string): void => {
  for (const step of STEPS)
    if (step.kind === 'file') writeFileSync(join(folder, step.name), step.text)
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }')
}

const commands = STEPS.filter((step): step is CommandStep => step.kind === 'command')

interface Setting {
  readonly folder: string
  readonly node: string
  readonly flags?: readonly string[]
}

const follow = async (
  t: Cleanup,
  { command, prints }: CommandStep,
  { folder, node, flags = [] }: Setting,
): Promise<void> => {
  const [program, ...args] = command.split(' ')
  assert.equal(program, 'node')
  // Within a test Node would run no tests; what they print is for a terminal.
  const words = ['-u', 'NODE_TEST_CONTEXT', node, ...flags, '--test-reporter=spec', ...args]
  const child = new WatchedProcess(t, 'env', words, folder)
  const code = await child.exited
  const shown = `${child.out}${child.err}`
  assert.match(child.out, patternOf(prints), shown)
  // Those before 24 say that they strip types.
  if (!/^v22\./.test(process.version) && node === process.execPath)
    assert.equal(child.err, '', shown)
  assert.equal(code, 0)
}

for (const step of commands)
  test(`docs/library.md, with the sources: ${step.command}`, LIMIT, async t => {
    const folder = temporaryFolder(t)
    writeFiles(folder)
    writeFileSync(join(folder, 'source.mjs'), SOURCE)
    await follow(t, step, { folder, node: process.execPath, flags: ['--import', './source.mjs'] })
  })

test('docs/library.md: each file that is a program is run', () => {
  const run = commands.map(({ command }) => command.split(' ').at(-1))
  const programs = STEPS.flatMap(step =>
    step.kind === 'file' && /\bcreateServer\(/.test(step.text) ? [step.name] : [],
  )
  assert.deepEqual(run, programs)
})

/** Undefined, and the test skipped, where there is no registry. */
const fetched = async (t: TestContext, version: string): Promise<string | undefined> => {
  try {
    return await otherNode(version)
  } catch (error) {
    t.skip(`Node ${version} cannot be fetched: ${messageOf(error)}`)
    return undefined
  }
}

describe('docs/library.md, with the package', { skip: without('npm') }, () => {
  let folder = ''
  const cleanups: (() => void | Promise<void>)[] = []
  before(() => {
    folder = installPackage({ after: run => cleanups.push(run) }).folder
    writeFiles(folder)
  })
  after(async () => {
    for (const run of cleanups) await run()
  })

  for (const version of [process.versions.node, ...NEWER])
    test(`on Node ${version}`, { timeout: 200_000 }, async t => {
      const node = version === process.versions.node ? process.execPath : await fetched(t, version)
      if (node === undefined) return
      for (const step of commands)
        await t.test(step.command, async t => follow(t, step, { folder, node }))
    })
})
