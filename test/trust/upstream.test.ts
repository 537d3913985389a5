import { UPSTREAM_ROWS } from './rows/upstream.ts'
import { testRows } from './short-form.ts'

testRows(UPSTREAM_ROWS)
