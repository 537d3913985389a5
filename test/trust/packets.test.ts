import { PACKET_ROWS } from './rows/packets.ts'
import { testRows } from './short-form.ts'

testRows(PACKET_ROWS)
