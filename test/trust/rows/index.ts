// All rows, in the order in which they are tried.

import type { Row } from '../row.ts'
import { FORGERY_ROWS } from './forgery.ts'
import { GROWTH_ROWS } from './growth.ts'
import { HTTP_ROWS } from './http.ts'
import { LIFE_ROWS } from './life.ts'
import { OVERLOAD_ROWS } from './overload.ts'
import { PACKET_ROWS } from './packets.ts'
import { STRAIN_ROWS } from './strain.ts'
import { SUITE_ROWS } from './suites.ts'
import { TCP_ROWS } from './tcp.ts'
import { UPSTREAM_ROWS } from './upstream.ts'
import { WATCHDOG_ROWS } from './watchdog.ts'

export const ROWS: readonly Row[] = [
  ...TCP_ROWS,
  ...HTTP_ROWS,
  ...WATCHDOG_ROWS,
  ...UPSTREAM_ROWS,
  ...FORGERY_ROWS,
  ...PACKET_ROWS,
  ...LIFE_ROWS,
  ...GROWTH_ROWS,
  ...STRAIN_ROWS,
  ...OVERLOAD_ROWS,
  ...SUITE_ROWS,
]
