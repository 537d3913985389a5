// Load that looks like a hang and is none, a name that is asked for too often, and real hangs.

import { setTimeout as pause } from 'node:timers/promises'
import { closedPort } from '../../fakes/fake-upstream.ts'
import type { How } from '../../fakes/faulty-worker.ts'
import { DnsClient } from '../../support/dns-client.ts'
import { query } from '../../support/messages.ts'
import { askOverUdp } from '../../support/one-shot.ts'
import { served } from '../../support/served.ts'
import { startAttack } from '../attacks/attack.ts'
import { HealthyClient } from '../healthy-client.ts'
import { addressIn } from '../judge.ts'
import { limitCpu, MIB } from '../limits.ts'
import { addressOf, hostName } from '../names.ts'
import { type Figure, faultsOf, type Row } from '../row.ts'
import { startTarget } from '../target.ts'
import { startUpstream } from '../upstream.ts'
import type { World } from '../world.ts'
import { beside, setScene, whileAlive } from './scene.ts'
import { flooded } from './tcp.ts'

const UNLIMITED = { memoryBytes: Number.POSITIVE_INFINITY }
const VICTIM = 'victim.fwd.test'

interface Scarcity {
  readonly shards: number
  readonly perSecond: number
  /** Of one CPU; undefined for all that there is. */
  readonly percent?: number
  /** From the first instruction on, not only once it serves. */
  readonly isFromStart?: boolean
}

/** The server has little CPU: whether its shards live is what counts, not how fast they answer. */
const scarce = async (
  world: World,
  { shards, perSecond, percent, isFromStart = false }: Scarcity,
): Promise<Figure> => {
  const upstream = await startUpstream(world)
  let how = 'no quota'
  const limit = (pid: number): void => {
    if (percent !== undefined) how = limitCpu(world, pid, percent)
  }
  const startMs = performance.now()
  const setting = {
    ...UNLIMITED,
    upstream: upstream.port,
    shards,
    ...(isFromStart ? { launched: limit } : {}),
  }
  const target = await startTarget(world, setting)
  const startSeconds = (performance.now() - startMs) / 1000
  if (!isFromStart) limit(target.server.pid)
  const questions = perSecond * (world.amount(3000, 20_000) / 1000)
  const client = await HealthyClient.start(world, {
    port: target.port,
    perSecond,
    limit: questions,
  })
  await Promise.race([client.whole(), target.server.exited])
  return {
    figure: `${shards} shards, ${how}: start ${startSeconds.toFixed(1)} s; ${perSecond} q/s: ${target.deaths} shards replaced`,
    faults: target.faults(),
  }
}

const stopped = async (world: World): Promise<Figure> => {
  const scene = await setScene(world, UNLIMITED)
  const { target } = scene
  return beside(
    scene,
    async () => {
      target.server.child.kill('SIGSTOP')
      await world.pass(3000)
      target.server.child.kill('SIGCONT')
      await world.pass(world.amount(1500, 5000))
      return { figure: 'stopped for 3 s', faults: [] }
    },
    { mayBeLate: true },
  )
}

const askVictim = async (port: number, tries = 3): Promise<string> => {
  for (let n = 1; ; n++) {
    const fate = await askOverUdp(port, query(VICTIM, 'A', { id: n }).bytes)
    if (typeof fate !== 'string')
      return addressIn(fate) === addressOf(VICTIM) ? 'answered' : `rcode ${fate[3]! & 15}`
    if (n === tries) return fate
  }
}

/**
 * As many as it takes to keep a shard's turn busy for more than a second if it takes all that has
 * come.
 */
const blamed = async (world: World): Promise<Figure> => {
  const scene = await setScene(world, UNLIMITED)
  const { target } = scene
  return beside(scene, async () => {
    const load = { kind: 'one name', name: VICTIM } as const
    const connections = 300
    const attack = startAttack(world, 'flood', {
      port: target.port,
      connections,
      load,
      reads: true,
    })
    await whileAlive(scene, world.amount(8000, 15_000))
    const { frames = 0 } = await attack.stop()
    const fate = await askVictim(target.port)
    return {
      figure: `${connections} connections, ${frames} queries for one name; then it is ${fate}`,
      faults: faultsOf([fate !== 'answered', fate]),
    }
  })
}

const SPACING_MS = 2700
/** Small, so that it is soon spent. */
const HEAP_BYTES = 48 * MIB

/** Shards fail one after the other, never one before the last successor serves. */
const failed = async (world: World, hows: readonly How[], perSecond: number): Promise<Figure> => {
  const port = await closedPort()
  const options = { heapLimitBytes: HEAP_BYTES }
  const server = await served(world, `.:${port} {\nbind 127.0.0.1\nwhoami\ncache 30\n}\n`, {
    options,
  })
  const client = await DnsClient.open(world, { port, tries: 3 })
  const kill = async (how: How, n: number): Promise<void> => {
    const before = server.count(/^test: shard \d serves$/)
    const died = server.count(/^\[ERROR\] shard \d died/)
    server.fault(n % 2, how)
    await server.line(/^\[ERROR\] shard \d died/, died + 1)
    const spacing = pause(SPACING_MS)
    await server.line(/^test: shard \d serves$/, before + 1)
    await spacing
  }
  const all = (async () => {
    for (const [n, how] of hows.entries()) await kill(how, n)
  })()
  const { asked, lost, retries } = await client.load(
    n => `q${n % 100}.example.org.`,
    perSecond,
    all,
  )
  const died = server.count(/^\[ERROR\] shard \d died/)
  return {
    figure: `${hows.join(', ')}: ${died} deaths, ${asked} asked, ${lost.length} lost, ${retries} asked again`,
    faults: faultsOf(
      [lost.length > 0, `${lost.length} questions lost`],
      [died !== hows.length, `${died} deaths of ${hows.length}`],
    ),
  }
}

export const WATCHDOG_ROWS: readonly Row[] = [
  {
    bar: 'R-60b',
    name: 'pipelines-read',
    tried: '400 connections that pipeline small queries and read the answers: busy is not dead',
    run: world =>
      flooded(
        world,
        {
          connections: 400,
          load: { kind: 'one name', name: hostName(1) },
          reads: true,
          ms: world.amount(5000, 20_000),
        },
        UNLIMITED,
      ),
  },
  {
    bar: 'R-60b',
    name: 'empty-frames',
    tried: '100 connections that send frames of no bytes without end',
    isShort: true,
    run: world =>
      flooded(
        world,
        {
          connections: 100,
          load: { kind: 'empty frames' },
          reads: true,
          ms: world.amount(6000, 15_000),
        },
        UNLIMITED,
      ),
  },
  {
    bar: 'R-60b',
    name: 'cpu-quota',
    tried: '4 shards that have a tenth of a CPU from the start on, 200 q/s',
    isShort: true,
    run: world =>
      scarce(world, { shards: 4, percent: 10, perSecond: 200, isFromStart: !world.isShort }),
  },
  {
    bar: 'R-60b',
    name: 'cpu-quota-load',
    tried: '4 shards that have a tenth of a CPU, 6,000 q/s',
    run: world => scarce(world, { shards: 4, percent: 10, perSecond: 6000 }),
  },
  {
    bar: 'R-60b',
    name: 'many-shards',
    tried: '64 shards on the CPUs that there are, 2,000 q/s',
    run: world => scarce(world, { shards: 64, perSecond: 2000 }),
  },
  { bar: 'R-60b', name: 'stopped', tried: 'SIGSTOP for 3 s at 200 q/s', run: stopped },
  {
    bar: 'R-60b',
    name: 'real-hangs',
    tried: 'endless loops in shards: each is replaced, and no question is lost that is asked again',
    isShort: true,
    run: world => failed(world, world.isShort ? ['hang'] : ['hang', 'hang', 'hang', 'hang'], 200),
  },
  {
    bar: 'R-60a',
    name: 'deaths',
    tried: 'exceptions, exits and spent heaps in shards at 1,000 q/s',
    run: world => failed(world, ['throw', 'exit', 'heap', 'exit', 'throw', 'heap'], 1000),
  },
  {
    bar: 'R-60d',
    name: 'one-name-pipelined',
    tried: '300 connections that pipeline one name for 15 s: it is not refused afterwards',
    isShort: true,
    run: blamed,
  },
]
