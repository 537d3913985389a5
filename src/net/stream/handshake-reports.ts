// How the handshakes of a listener end: all are counted, and a line tells of clients that have no
// certificate that is accepted, which their operator may not know.

import { PacedLines } from '../../log/paced-lines.ts'
import type { HandshakeOutcome } from '../../metrics/shard-counts.ts'
import type { TcpRoom } from '../tcp/room.ts'

const PAUSE_MS = 60_000

export class HandshakeReports {
  readonly #room: TcpRoom
  readonly #tell: (text: string) => void
  readonly #lines = new PacedLines(PAUSE_MS)

  constructor(room: TcpRoom, tell: (text: string) => void) {
    this.#room = room
    this.#tell = tell
  }

  ended(label: string, outcome: HandshakeOutcome, address: string, why: string): void {
    this.#room.counts.handshake(outcome)
    if (outcome !== 'no_certificate' && outcome !== 'refused_certificate') return
    const more = this.#lines.next(outcome, this.#room.clock.ms())
    if (more !== undefined) this.#tell(`${label}: client ${address} is refused: ${why}${more}`)
  }
}
