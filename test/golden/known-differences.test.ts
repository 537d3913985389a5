import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { LOGGED, PENDING, WANTED } from './known-differences.ts'

const FOLDERS = ['scenarios', 'kubernetes/scenarios']

test('known differences are those of cases that there are', () => {
  const names = [...WANTED, ...PENDING, ...LOGGED].map(({ scenario }) => scenario)
  const isThere = (name: string): boolean =>
    FOLDERS.some(folder => existsSync(join(import.meta.dirname, folder, name)))
  assert.deepEqual(
    names.filter(name => !isThere(name)),
    [],
  )
})
