// Answers from a zone of 100,000 records, and what it takes to keep it.

import type { Bench, Sample, Scenario } from '../bench.ts'
import { type Running, start } from '../contestants/start.ts'
import { NSD, smallZoneServers, ZONE_NAMES, zoneServers } from '../contestants/zones.ts'
import { readMemory } from '../measure/memory.ts'
import { SETTLE_MS, settle } from '../measure/settle.ts'
import { LOAD_COLUMNS } from '../metrics.ts'
import { interleave } from './interleave.ts'
import { USUAL_CLIENTS } from './loads.ts'
import { exercise, type Load, measureLoad } from './measure-load.ts'

const START_SECONDS = 4

const loadScenario = (
  name: string,
  title: string,
  loadOf: (bench: Bench) => Omit<Load, 'args' | 'seconds'>,
): Scenario => ({
  name,
  title,
  columns: LOAD_COLUMNS,
  compared: 'cpuUs',
  baselineOf: () => NSD,
  isComparable: false,
  estimate: ({ options }) =>
    zoneServers().length * (START_SECONDS + options.rounds * options.seconds),
  run(bench) {
    const load: Load = { ...loadOf(bench), args: USUAL_CLIENTS, seconds: bench.options.seconds }
    return interleave(bench, {
      scenario: name,
      cast: zoneServers(),
      rounds: bench.options.rounds,
      begin: running => exercise(bench, running, load),
      measure: async running => (await measureLoad(bench, running, load)).sample,
    })
  },
})

export const file = loadScenario(
  'file',
  'Zone of 100,000 records: names that it has, A and AAAA',
  ({ queries }) => ({ file: queries.zone(ZONE_NAMES) }),
)

export const fileNxdomain = loadScenario(
  'file-nxdomain',
  'Zone of 100,000 records: names that it has not',
  ({ queries }) => ({ file: queries.nxdomain(), rcode: 'NXDOMAIN' }),
)

const settled = async ({ pid }: Running): Promise<number> => {
  await settle()
  return readMemory(pid).rssMiB
}

/** RSS with the zone, and what nine tenths of it take. */
const measureMemory = async (bench: Bench, running: Running): Promise<Sample> => {
  const rssMiB = await settled(running)
  const { name } = running.contestant
  const small = smallZoneServers().find(contestant => contestant.name === name)
  if (small === undefined) throw new Error('it has gone')
  const other = await start(small, bench)
  try {
    return { rssMiB, zoneMiB: rssMiB - (await settled(other)) }
  } finally {
    await other.child.stop()
  }
}

export const fileMemory: Scenario = {
  name: 'file-memory',
  title: 'Memory with a zone of 100,000 records; how much more than with one of 10,000',
  columns: ['rssMiB', 'zoneMiB'],
  compared: 'zoneMiB',
  baselineOf: () => NSD,
  isComparable: false,
  estimate: () => zoneServers().length * (START_SECONDS + SETTLE_MS / 1000) * 2,
  run: bench =>
    interleave(bench, {
      scenario: 'file-memory',
      cast: zoneServers(),
      rounds: 1,
      measure: running => measureMemory(bench, running),
    }),
}
