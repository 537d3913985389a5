// Replies that are not the upstream's.

import { HealthyClient, tallyText } from '../healthy-client.ts'
import { type Figure, faultsOf, type Row } from '../row.ts'
import { startTarget } from '../target.ts'
import { startUpstream } from '../upstream.ts'
import type { World } from '../world.ts'

/**
 * True answers that may fail: attackers and upstream share their sockets' buffers with the truth.
 */
const FAILED_SHARE = 0.001

const forged = async (world: World, engine: 'mmsg' | 'dgram'): Promise<Figure> => {
  const upstream = await startUpstream(world, { forgeries: world.either(40, 2000) })
  const target = await startTarget(world, { upstream: upstream.port, engine })
  const limit = world.amount(200, 500)
  const client = await HealthyClient.start(world, {
    port: target.port,
    zone: 'forged.test',
    perSecond: world.either(100, 5),
    limit,
  })
  const tally = await client.whole()
  const { forged: sent } = await upstream.notes()
  const failed = tally.flaws.filter(flaw => /rcode [1-9]/.test(flaw)).length
  const accepted = tally.wrong - failed
  return {
    figure: `${engine}: ${sent} forgeries in 8 kinds for ${limit} questions: ${accepted} accepted; ${tallyText(tally)}, p99 ${tally.p99Ms.toFixed(0)} ms`,
    faults: [
      ...target.faults(),
      ...faultsOf(
        [accepted > 0, `${accepted} forgeries accepted: ${tally.flaws[0]}`],
        [
          failed + tally.lost > limit * FAILED_SHARE,
          `${failed} answered with a failure, ${tally.lost} lost`,
        ],
      ),
    ],
  }
}

export const FORGERY_ROWS: readonly Row[] = [
  {
    bar: 'R-02',
    name: 'forgeries-mmsg',
    tried:
      '2,000 forged replies in 8 kinds to each of 500 questions, before the true one: right socket, other port, other address',
    isShort: true,
    run: world => forged(world, 'mmsg'),
  },
  {
    bar: 'R-02',
    name: 'forgeries-dgram',
    tried: 'the same with engine dgram',
    run: world => forged(world, 'dgram'),
  },
]
