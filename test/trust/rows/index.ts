// All rows, in the order in which they are tried.

import type { Row } from '../row.ts'
import { HTTP_ROWS } from './http.ts'
import { TCP_ROWS } from './tcp.ts'
import { WATCHDOG_ROWS } from './watchdog.ts'

export const ROWS: readonly Row[] = [...TCP_ROWS, ...HTTP_ROWS, ...WATCHDOG_ROWS]
