// The short form of rows as tests: small, seeded, and judged by counts and deaths alone.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Row } from './row.ts'
import { tryRow } from './try-row.ts'

const LIMIT = { timeout: 90_000 }
const FORM = { seed: 1, isShort: true, scale: 1 }

export const testRows = (rows: readonly Row[]): void => {
  for (const row of rows.filter(({ isShort }) => isShort)) {
    test(`${row.bar}: ${row.name}`, LIMIT, async t => {
      const { figure, faults } = await tryRow(row, FORM)
      t.diagnostic(figure)
      assert.deepEqual(faults, [], figure)
    })
  }
}
