// Replies that are made to cost as much as they can, from the upstream's bytes to the client's: a
// miss, which brings the reply, and a hit of what was kept of it, for a client with TCP and for one
// that takes 64 KiB by UDP. Milliseconds, the median of several; the bar is 5.

import { bombLife } from '../../test/support/bomb-life.ts'
import { bombs } from '../../test/support/bombs.ts'
import type { QueryOptions } from '../../test/support/messages.ts'
import { spread } from '../measure/stats.ts'

const ROUNDS = 15
const WARM_ROUNDS = 10

const CLIENTS: readonly QueryOptions[] = [
  { transport: 'tcp', udpSize: 4096, do: true },
  { transport: 'udp', udpSize: 65_535, do: true },
]

const medianMs = (run: () => void, prepare: () => void): number => {
  const times: number[] = []
  for (let round = 0; round < WARM_ROUNDS + ROUNDS; round++) {
    prepare()
    const start = performance.now()
    run()
    if (round >= WARM_ROUNDS) times.push(performance.now() - start)
  }
  return spread(times)?.median ?? 0
}

export const runBombs = async (say: (text: string) => void): Promise<void> => {
  const life = await bombLife()
  say(`== bombs: ms for a miss and a hit over TCP, for a miss and a hit over UDP`)
  for (const { name, bytes } of bombs()) {
    const columns = CLIENTS.flatMap(client => [
      medianMs(() => life.ask(bytes, client), life.expire),
      medianMs(
        () => life.ask(undefined, client),
        () => {},
      ),
    ])
    say(
      `${name.padEnd(58)}${String(bytes.length).padStart(6)}${columns.map(ms => ms.toFixed(2).padStart(8)).join('')}`,
    )
    // So that an interrupt from the terminal is seen.
    await new Promise(resolve => setImmediate(resolve))
  }
  say('')
}
