// The short form of rows as tests: small, seeded, and judged by counts and deaths alone.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Row } from './row.ts'
import { tryRow } from './try-row.ts'

const SETTING = {
  timeout: 90_000,
  skip: process.platform === 'linux' ? false : 'what a process takes is read from /proc',
}
const FORM = { seed: 1, isShort: true, scale: 1 }

export const testRows = (rows: readonly Row[]): void => {
  for (const row of rows.filter(({ isShort }) => isShort)) {
    test(`${row.bar}: ${row.name}`, SETTING, async t => {
      const { figure, faults, isUntried } = await tryRow(row, FORM)
      if (isUntried) return t.skip(figure)
      t.diagnostic(figure)
      assert.deepEqual(faults, [], figure)
    })
  }
}
