// The protocols of shared memory, as models that spin searches exhaustively: no fault in the
// protocol as it is, one in each variant that breaks a rule of it (a model that finds nothing wrong
// with those would find nothing at all).

import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'

const FOLDER = join(import.meta.dirname, 'models')
/**
 * Steps of one run of a model: far more than any takes. A search that is cut off there is an error.
 */
const DEPTH = '100000'
const LIMIT_MS = 60_000

const MODELS: Readonly<Record<string, readonly string[]>> = {
  slot: [
    'NO_FENCE',
    'NO_SECOND_READ',
    'SWEEP_EARLY',
    'OWNER_REUSED',
    'NO_SWEEP',
    'LATE_LINK',
    'LOOKED_AT',
  ],
  permits: ['CHECK_FIRST', 'SWEEP_EARLY', 'NO_SWEEP'],
  claims: ['GIVES_UP', 'NO_CONFIRM', 'HASH_LATE', 'NO_NOTIFY', 'NO_SWEEP'],
  generation: ['WIPES', 'COMMITS_SUCCESSOR', 'NO_BRING', 'EARLY_RETIRE', 'FREES_FIRST'],
  budget: ['CHECK_FIRST', 'KEEPS_REFUSED', 'NO_TIMER', 'SWEEP_EARLY', 'NO_SWEEP'],
}

const isMissing = (command: string, flag: string): boolean =>
  spawnSync(command, [flag]).error !== undefined
const missing = [
  ['spin', '-V'],
  ['gcc', '--version'],
].filter(([command = '', flag = '']) => isMissing(command, flag))
const skip =
  missing.length > 0 && `${missing.map(([command]) => command).join(' and ')} not installed`

/** What the search of all states found. */
const search = (
  t: TestContext,
  model: string,
  variant: string | undefined,
): { errors: number; states: number; text: string } => {
  const cwd = mkdtempSync(join(tmpdir(), 'shardns-model-'))
  t.after(() => rmSync(cwd, { recursive: true }))
  const run = (command: string, ...args: string[]): string =>
    execFileSync(command, args, {
      cwd,
      encoding: 'utf8',
      timeout: LIMIT_MS,
      stdio: ['ignore', 'pipe', 'pipe'],
    })
  run(
    'spin',
    '-a',
    ...(variant === undefined ? [] : [`-D${variant}`]),
    join(FOLDER, `${model}.pml`),
  )
  run('gcc', '-O2', '-w', '-DSAFETY', '-o', 'pan', 'pan.c')
  const text = run('./pan', `-m${DEPTH}`, '-b')
  const found = /errors: (\d+)\n\s*(\d+) states, stored/.exec(text)
  assert.ok(found, text)
  return { errors: Number(found[1]), states: Number(found[2]), text }
}

for (const [model, variants] of Object.entries(MODELS)) {
  test(`${model}: nothing goes wrong in any state`, { skip }, t => {
    const { errors, states, text } = search(t, model, undefined)
    assert.equal(errors, 0, text)
    t.diagnostic(`${states} states`)
  })
  for (const variant of variants)
    test(`${model}: ${variant} is found out`, { skip }, t => {
      const { errors, text } = search(t, model, variant)
      assert.ok(errors > 0, text)
    })
}
