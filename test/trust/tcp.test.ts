import { TCP_ROWS } from './rows/tcp.ts'
import { testRows } from './short-form.ts'

testRows(TCP_ROWS)
