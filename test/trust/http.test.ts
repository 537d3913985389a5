import { HTTP_ROWS } from './rows/http.ts'
import { testRows } from './short-form.ts'

testRows(HTTP_ROWS)
