import assert from 'node:assert/strict'
import { execFile, execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { test } from 'node:test'

const MODULE = JSON.stringify(new URL('descriptor.ts', import.meta.url))

/**
 * A program whose standard input has been looked at, and is therefore non-blocking: it says what an
 * empty one is before it reads on.
 */
const READER = `
import { readSync, writeSync } from 'node:fs'
import { readDescriptor } from ${MODULE}
process.stdin
try { readSync(0, Buffer.alloc(1)) } catch (error) { writeSync(1, error.code + '\\n') }
writeSync(1, readDescriptor(0, 100))
`

test('reading waits for what a non-blocking pipe has not got yet', async () => {
  const child = execFile(process.execPath, ['--input-type=module', '-e', READER])
  let out = ''
  child.stdout?.on('data', part => {
    out += part
    if (out === 'EAGAIN\n') child.stdin?.end('late')
  })
  await once(child, 'close')
  assert.equal(out, 'EAGAIN\nlate')
})

/** A program that exits as soon as it has written; `process.stdout` makes the pipe non-blocking. */
const WRITER = `
import { writeDescriptor } from ${MODULE}
process.stdout
writeDescriptor(1, 'x'.repeat(5_000_000))
process.exit(3)
`
const writer = [process.execPath, '--input-type=module', '-e', WRITER] as const

test('writing waits for a slow reader', () => {
  const counted = execFileSync(
    'sh',
    ['-c', '"$@" | { dd bs=1 count=1 2>/dev/null; wc -c; }', 'sh', ...writer],
    {
      encoding: 'utf8',
    },
  )
  assert.equal(counted, 'x4999999\n')
})

test('a reader that leaves ends the writing, silently', async () => {
  const child = execFile('sh', ['-c', '{ "$@"; echo $? >&2; } | head -c 3', 'sh', ...writer])
  const told: string[] = []
  child.stderr?.on('data', part => told.push(part))
  await once(child, 'close')
  assert.equal(told.join(''), '3\n')
})
