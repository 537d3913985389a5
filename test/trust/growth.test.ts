import { GROWTH_ROWS } from './rows/growth.ts'
import { testRows } from './short-form.ts'

testRows(GROWTH_ROWS)
