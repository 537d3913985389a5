// What long use leaves behind: nothing.

import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { temporaryFolder } from '../../support/server-process.ts'
import { type RunningAttack, startAttack } from '../attacks/attack.ts'
import { MIB } from '../limits.ts'
import { addressOf, forwardedName, hostName } from '../names.ts'
import { type Figure, faultsOf, type Row } from '../row.ts'
import { startTarget, type Target } from '../target.ts'
import { startUpstream } from '../upstream.ts'
import type { World } from '../world.ts'

const ZONE_NAMES = 2000
const ZONE = 'zone.test'
const PART_QUESTIONS = 2_000_000
/**
 * What comes before the look that the others are compared with: the cache has to be full, and V8
 * reduces a heap at rest the first time, and not again before it has grown by 10 MiB.
 */
const RISE_PARTS = 2
const PARTS = RISE_PARTS + 5
/** As many answers at once as a client's receive buffer surely holds. */
const WINDOW = 100
/** A load is over: main gives back what it needed within two looks, 5 s each. */
const SETTLE_MS = 16_000
const GROWTH_BYTES = 8 * MIB
/** One in so many may be lost on the way. */
const LOST_SHARE = 1000

const zoneText = (serial: number): string =>
  [
    `$ORIGIN ${ZONE}.\n$TTL 60\n@ SOA ns h ${serial} 3600 900 86400 60\n@ NS ns\nns A 10.1.0.1`,
    ...Array.from({ length: ZONE_NAMES }, (_, n) => `n${n} A ${addressOf(`${n + serial}`)}`),
    '',
  ].join('\n')

const NAMES = [
  ...[0, 1, 2].map(hostName),
  ...[0, 1, 2].map(forwardedName),
  ...[0, 1, 2].map(n => `n${n * 600}.${ZONE}`),
  `#.absent.${ZONE}`,
  'u#.fwd.test',
  'v#.fwd.test',
]

interface Churn {
  readonly target: Target
  readonly zoneFile: string
  readonly directives: readonly string[]
}

/** Other records each time, and every second time another Corefile, until the load has ended. */
const churn = async (
  world: World,
  { target, zoneFile, directives }: Churn,
  load: RunningAttack,
) => {
  let isOver = false
  const ended = load.ended.finally(() => (isOver = true))
  ended.catch(() => undefined)
  let changes = 0
  let reloads = 0
  while (!isOver && target.isAlive) {
    writeFileSync(zoneFile, zoneText(++changes + Math.floor(Date.now() / 1000)))
    if (changes % 2 === 0) {
      target.write(changes % 4 === 0 ? directives : [...directives, 'any'])
      target.server.child.kill('SIGUSR1')
      reloads++
    }
    await Promise.race([ended, world.pass(world.either(300, 1500))])
  }
  return { changes, reloads, counts: await ended }
}

const flat = async (world: World): Promise<Figure> => {
  const upstream = await startUpstream(world)
  const zoneFile = join(temporaryFolder(world), 'zone')
  writeFileSync(zoneFile, zoneText(1))
  const directives = [`file ${zoneFile} ${ZONE} {`, 'reload 1s', '}']
  const target = await startTarget(world, { upstream: upstream.port, directives })
  const limit = world.amount(3000, PART_QUESTIONS)
  const looks: number[] = []
  const sum = { answered: 0, lost: 0, changes: 0, reloads: 0 }
  for (let part = 0; part < PARTS && target.isAlive; part++) {
    const setting = { port: target.port, window: WINDOW, limit, names: NAMES }
    const load = startAttack(world, 'variety', setting)
    const { changes, reloads, counts } = await churn(world, { target, zoneFile, directives }, load)
    sum.answered += counts.answered ?? 0
    sum.lost += counts.lost ?? 0
    sum.changes += changes
    sum.reloads += reloads
    await world.pass(world.either(0, SETTLE_MS))
    looks.push(target.residentBytes)
  }
  const [risen = 0, ...later] = looks.slice(RISE_PARTS - 1)
  const grown = Math.max(...later) - risen
  const mib = looks.map(bytes => Math.round(bytes / MIB)).join(', ')
  return {
    figure: `${sum.answered} questions answered, ${sum.lost} lost, ${sum.changes} changes of a zone of ${ZONE_NAMES} names, ${sum.reloads} reloads; memory at rest after every ${limit}: ${mib} MiB; ${target.memoryText}`,
    faults: [
      ...target.faults(),
      ...faultsOf(
        [sum.answered < (PARTS * limit) / 2, `${sum.answered} questions answered`],
        [sum.lost > sum.answered / LOST_SHARE, `${sum.lost} questions lost`],
        [!world.isShort && grown > GROWTH_BYTES, `grown by ${Math.round(grown / MIB)} MiB`],
      ),
    ],
  }
}

export const GROWTH_ROWS: readonly Row[] = [
  {
    bar: 'R-63d',
    name: 'flat-memory',
    tried:
      '14 million questions for names of hosts, a zone file, an upstream, and that do not exist; the zone and the Corefile change every second or two; growth over the last 10 million',
    isShort: true,
    run: flat,
  },
]
