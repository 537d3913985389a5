import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { initialSettings } from '../../src/chain/block.ts'
import { fakeControl } from '../support/plugin-harness.ts'
import { listFile } from './list-file.ts'

test('inspect tells what control fails with', async t => {
  const root = mkdtempSync(join(tmpdir(), 'shardns-list-'))
  t.after(() => rmSync(root, { recursive: true }))
  writeFileSync(join(root, 'names'), 'a\nb\n')
  const { control, inspect } = listFile
  assert.ok(control && inspect)
  const scope = fakeControl({ settings: { root } })
  assert.deepEqual(control({ file: 'names' }, scope), ['a', 'b'])
  const told: string[] = []
  const { log } = scope
  const settings = { ...initialSettings(), root }
  const attempt = async (task: () => unknown): Promise<boolean> => {
    try {
      await task()
      return true
    } catch (error) {
      told.push(String(error))
      return false
    }
  }
  for (const file of ['names', 'none'])
    await inspect({ file }, { log, settings, block: { directives: [] }, attempt })
  assert.throws(
    () => control({ file: 'none' }, scope),
    (error: unknown) => {
      assert.deepEqual(told, [String(error)])
      return true
    },
  )
})
