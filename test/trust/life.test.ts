import { LIFE_ROWS } from './rows/life.ts'
import { testRows } from './short-form.ts'

testRows(LIFE_ROWS)
