import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { test } from 'node:test'

const MODULE = new URL('./compilers.ts', import.meta.url).href

/** V8 tells its flags by the tag of the code that it would keep under them. */
const PROGRAM = `
  import { cachedDataVersionTag } from 'node:v8'
  import { freeCompiledSoon } from ${JSON.stringify(MODULE)}
  const before = cachedDataVersionTag()
  freeCompiledSoon(process.argv[1])
  process.stdout.write(JSON.stringify([before, cachedDataVersionTag()]))`

const tags = (v8Version: string, flags: readonly string[] = []): readonly [number, number] => {
  const args = [...flags, '--input-type=module', '--eval', PROGRAM, v8Version]
  const { stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' })
  assert.equal(stderr, '')
  return JSON.parse(stdout) as [number, number]
}

test('a V8 that knows the flag is given it', () => {
  const [before, after] = tags('14.6.202.33-node.18')
  const [asked] = tags('12.4.254.21-node.26', ['--no-maglev-destroy-on-background'])
  assert.notEqual(after, before)
  assert.equal(after, asked)
})

test('an older V8 is left as it is, without a word', () => {
  const [before, after] = tags('12.4.254.21-node.26')
  assert.equal(after, before)
})
