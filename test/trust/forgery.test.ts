import { FORGERY_ROWS } from './rows/forgery.ts'
import { testRows } from './short-form.ts'

testRows(FORGERY_ROWS)
