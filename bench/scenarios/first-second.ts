// How soon a server is quick: 5,000 queries a second from the moment that it says it is ready, over
// UDP and, after another start, over TCP. Latencies of the first second and of the tenth.

import type { Bench, Outcome, Sample, Scenario } from '../bench.ts'
import { builtOf } from '../contestants/built.ts'
import type { Contestant } from '../contestants/contestant.ts'
import { inCluster } from '../contestants/in-cluster.ts'
import { prepare } from '../contestants/start.ts'
import { askUdp } from '../load/ask.ts'
import { runDnsperf } from '../measure/dnsperf.ts'
import { untilReady } from '../measure/ready.ts'
import { BESIDE, present, usualSources } from './casts.ts'
import { inTurns } from './turns.ts'

const RATE = 5000
const SECONDS = 10
const SECONDS_EACH = 12.5
/** Many may wait: dnsperf must not slow down because the server does. */
const UDP = ['-c', '16', '-q', '5000']
const TCP = ['-m', 'tcp', '-c', '16', '-q', '5000']
/** By the order of the answers. */
const WINDOWS = [
  [0, RATE],
  [(SECONDS - 1) * RATE, SECONDS * RATE],
] as const

interface Shown {
  readonly contestant: Contestant
  /** Undefined for a server that answers only when it is ready. */
  readonly readyPort: number | undefined
}

const shownAs = async (contestant: Contestant): Promise<Shown> =>
  contestant.kind === 'shardns' || contestant.name === 'coredns'
    ? inCluster(contestant, { name: contestant.name, environment: undefined, hasCache: true })
    : { contestant, readyPort: undefined }

const untilAnswering = async (port: number): Promise<void> => {
  for (let tries = 0; tries < 100; tries++)
    if ((await askUdp(port, 'n1.test', 100))?.rcode === 0) return
  throw new Error('it does not answer')
}

const measure = async (
  bench: Bench,
  { contestant, readyPort }: Shown,
  args: readonly string[],
  file: string,
) => {
  const ready = await prepare(contestant, bench)
  const child = ready.start()
  try {
    if (readyPort === undefined) await untilAnswering(ready.port)
    else await untilReady(child, readyPort, performance.now())
    const result = await runDnsperf({
      ...{ port: ready.port, file, args, seconds: SECONDS, rate: RATE, windows: WINDOWS },
      ...{ cpu: bench.pins.load, folder: bench.folder },
    })
    if (result.completed === 0) throw new Error('it answered nothing')
    const [first, tenth] = result.windows
    return {
      firstP50Us: first?.percentile(0.5) ?? Number.NaN,
      firstP99Us: first?.percentile(0.99) ?? Number.NaN,
      tenthP50Us: tenth?.percentile(0.5) ?? Number.NaN,
      tenthP99Us: tenth?.percentile(0.99) ?? Number.NaN,
      lost: result.lost,
    }
  } finally {
    await child.stop()
  }
}

const measureBoth = async (bench: Bench, shown: Shown): Promise<Sample> => {
  const file = bench.queries.mostlyKnown(RATE * SECONDS)
  const udp = await measure(bench, shown, UDP, file)
  if (bench.options.isQuick) return udp
  const tcp = await measure(bench, shown, TCP, file)
  return {
    ...udp,
    tcpFirstP50Us: tcp.firstP50Us,
    tcpFirstP99Us: tcp.firstP99Us,
    tcpTenthP99Us: tcp.tenthP99Us,
    lost: udp.lost + tcp.lost,
  }
}

const castOf = (bench: Bench, built: readonly Contestant[]): Contestant[] => [
  ...built,
  ...present(bench).filter(({ name }) => BESIDE.includes(name)),
]

const run = async (bench: Bench): Promise<Outcome> => {
  const notes: string[] = []
  const shown = await Promise.all(
    castOf(bench, builtOf(usualSources(bench), bench, notes)).map(shownAs),
  )
  const turns = shown.map(one => ({
    name: one.contestant.name,
    measure: () => measureBoth(bench, one),
  }))
  const outcome = await inTurns(bench, 'first-second', bench.options.rounds, turns)
  return { ...outcome, notes }
}

export const firstSecond: Scenario = {
  name: 'first-second',
  title: 'The first second at 5,000 q/s after the start, and the tenth; one thread',
  columns: [
    ...['firstP50Us', 'firstP99Us', 'tenthP50Us', 'tenthP99Us'],
    ...['tcpFirstP50Us', 'tcpFirstP99Us', 'tcpTenthP99Us', 'lost'],
  ],
  compared: 'firstP99Us',
  baselineOf: () => 'coredns',
  isComparable: false,
  estimate: bench =>
    15 +
    castOf(bench, usualSources(bench)).length *
      bench.options.rounds *
      SECONDS_EACH *
      (bench.options.isQuick ? 1 : 2),
  run,
}
