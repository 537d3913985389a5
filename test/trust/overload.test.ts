import { OVERLOAD_ROWS } from './rows/overload.ts'
import { testRows } from './short-form.ts'

testRows(OVERLOAD_ROWS)
