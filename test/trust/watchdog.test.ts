import { WATCHDOG_ROWS } from './rows/watchdog.ts'
import { testRows } from './short-form.ts'

testRows(WATCHDOG_ROWS)
