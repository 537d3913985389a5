// What comes from upstreams, or does not come: replies made to be expensive, silence, and how well
// our own questions hide.

import { startAttack } from '../attacks/attack.ts'
import { HealthyClient, healthFaults, tallyText } from '../healthy-client.ts'
import { type Figure, faultsOf, type Row } from '../row.ts'
import { startTarget } from '../target.ts'
import { startUpstream } from '../upstream.ts'
import type { World } from '../world.ts'
import { chiSquare, correlation, judgePorts } from './randomness.ts'
import { beside, setScene } from './scene.ts'

/** The short form allows for a machine that does other things: CPU caches are shared, too. */
const BOMB_CPU_MS = { long: 5, short: 15 }

const bombed = async (world: World): Promise<Figure> => {
  const scene = await setScene(world)
  const { target, upstream } = scene
  const limit = world.amount(60, 600)
  const most = world.isShort ? BOMB_CPU_MS.short : BOMB_CPU_MS.long
  return beside(scene, async () => {
    const idleSeconds = await cpuOf(world, target, world.amount(1000, 4000))
    const startMs = performance.now()
    const before = target.cpuSeconds
    const attack = startAttack(world, 'streamQuestions', {
      port: target.port,
      zone: 'bomb.test',
      perSecond: 30,
      limit,
    })
    const { asked = 0, answered = 0, failed = 0 } = await attack.ended
    const seconds = (performance.now() - startMs) / 1000
    const { bombs } = await upstream.notes()
    const each = ((target.cpuSeconds - before - idleSeconds * seconds) * 1000) / Math.max(1, bombs)
    return {
      figure: `${bombs} bombs for ${asked} questions at 30/s: ${answered} answered, ${failed} refused, ${each.toFixed(1)} ms of CPU each`,
      faults: faultsOf(
        [each > most, `${each.toFixed(1)} ms of CPU for each bomb`],
        [bombs === 0, 'no bomb was fetched'],
      ),
    }
  })
}

/** Of the server beside the healthy client alone: CPU seconds in a second. */
const cpuOf = async (
  world: World,
  target: { readonly cpuSeconds: number },
  ms: number,
): Promise<number> => {
  const before = target.cpuSeconds
  const startMs = performance.now()
  await world.pass(ms)
  return (target.cpuSeconds - before) / ((performance.now() - startMs) / 1000)
}

const hidden = async (
  world: World,
  engine: 'mmsg' | 'dgram',
  perSecond: number,
): Promise<Figure> => {
  const upstream = await startUpstream(world)
  const target = await startTarget(world, { upstream: upstream.port, engine })
  const seconds = world.amount(5000, 60_000) / 1000
  const limit = Math.round(perSecond * seconds)
  const startMs = performance.now()
  const client = await HealthyClient.start(world, {
    port: target.port,
    perSecond,
    limit,
    zone: 'ports.test',
  })
  const tally = await client.whole()
  const minutes = (performance.now() - startMs) / 60_000
  const { ports, ids } = await upstream.notes()
  const { distinct, mostUses, adjacent } = judgePorts(ports)
  const high = chiSquare(ids.map(id => id >>> 8))
  const low = chiSquare(ids.map(id => id & 255))
  const serial = correlation(ids)
  const perMinute = Math.round(distinct / Math.max(1, minutes))
  return {
    figure:
      `${engine}, ${perSecond} q/s: ${ports.length} questions, ${distinct} ports in ${(60 * minutes).toFixed(0)} s, one used ${mostUses} times at most, ` +
      `${(100 * adjacent).toFixed(0)} % of successive ones share a port; ids: chi-square z ${high.toFixed(1)} and ${low.toFixed(1)}, ` +
      `serial correlation ${serial.toFixed(3)}; ${tallyText(tally)}`,
    faults: [
      ...target.faults(),
      ...healthFaults(tally),
      ...faultsOf(
        [mostUses > 64, `a port used ${mostUses} times`],
        // In the short form there is no minute to fill.
        [!world.isShort && perMinute < 4096, `${perMinute} ports a minute`],
        [Math.max(high, low) > 4, `ids: chi-square z ${Math.max(high, low).toFixed(1)}`],
        [
          Math.abs(serial) > 4 / Math.sqrt(Math.max(16, ids.length)),
          `ids: serial correlation ${serial.toFixed(3)}`,
        ],
      ),
    ],
  }
}

const silenced = async (world: World): Promise<Figure> => {
  const scene = await setScene(world)
  return beside(scene, async () => {
    const perSecond = world.either(500, 4000)
    const limit = (perSecond * world.amount(2000, 15_000)) / 1000
    const asker = await HealthyClient.start(world, {
      port: scene.target.port,
      zone: 'silent.test',
      perSecond,
      limit,
    })
    const { asked, lost, flaws } = await asker.whole()
    const others = flaws.filter(flaw => !/rcode [25]$/.test(flaw))
    return {
      figure: `${asked} questions that no upstream answers, at ${perSecond} q/s: ${lost} without SERVFAIL or REFUSED`,
      faults: faultsOf(
        [lost > 0, `${lost} questions without an answer`],
        [others.length > 0, `${others[0]}`],
      ),
    }
  })
}

/** Both transports at once: what waits is bounded by the budget alone. */
const waiting = async (world: World): Promise<Figure> => {
  const scene = await setScene(world, { isUnbounded: true })
  return beside(scene, async () => {
    const { port } = scene.target
    const load = { kind: 'small queries', zone: 'silent.test' } as const
    const attack = startAttack(world, 'flood', { port, connections: 320, load, reads: true })
    const ms = world.amount(5000, 20_000)
    const asker = await HealthyClient.start(world, {
      port,
      zone: 'silent.test',
      perSecond: 2000,
      limit: 2 * ms,
    })
    await Promise.race([asker.whole(), scene.target.server.exited])
    const { frames = 0 } = await attack.stop()
    return {
      figure: `320 connections, ${frames} frames, and ${2 * ms} questions over UDP in ${ms / 1000} s`,
      faults: [],
    }
  })
}

const drowned = async (world: World): Promise<Figure> => {
  const scene = await setScene(world, { client: { perSecond: 500 } })
  return beside(scene, async () => {
    // Nine tenths of max_concurrent are under way.
    const limit = 1800 * (world.amount(3000, 30_000) / 1000)
    const random = await HealthyClient.start(world, {
      port: scene.target.port,
      zone: 'slow.test',
      perSecond: 1800,
      limit,
    })
    const { asked, wrong, lost } = await random.whole()
    const { evictions, entries } = await cacheOf(scene.target)
    return {
      figure: `${asked} random names at 1,800/s: ${asked - wrong - lost} answered, ${wrong} refused, ${lost} lost; cache ${entries} entries, ${evictions} evictions`,
      faults: [],
    }
  })
}

const cacheOf = async (target: {
  metric(name: string): Promise<number>
}): Promise<{ entries: number; evictions: number }> => ({
  entries: await target.metric('coredns_cache_entries'),
  evictions: await target.metric('coredns_cache_evictions_total'),
})

const together = async (world: World): Promise<Figure> => {
  const upstream = await startUpstream(world)
  const target = await startTarget(world, { upstream: upstream.port })
  const clients = 500
  const attack = startAttack(world, 'crowd', { port: target.port, name: 'one.slow.test', clients })
  const { answered = 0 } = await attack.ended
  const { asked } = await upstream.notes()
  return {
    figure: `${answered} of ${clients} answered, the upstream saw ${asked} questions`,
    faults: [
      ...target.faults(),
      ...faultsOf(
        [answered < clients, `${clients - answered} not answered`],
        [asked > 2, `${asked} questions went upstream`],
      ),
    ],
  }
}

const heldBack = async (world: World): Promise<Figure> => {
  const scene = await setScene(world)
  return beside(scene, async () => {
    const limit = world.amount(500, 5000)
    const asker = await HealthyClient.start(world, {
      port: scene.target.port,
      zone: 'hold.test',
      perSecond: 500,
      limit,
    })
    const tally = await asker.whole()
    const oldest = `oldest answer ${(tally.maxMs / 1000).toFixed(1)} s`
    // 5 s is the limit of a query; the clients' clocks begin before the server's.
    const isOld = !world.isShort && tally.maxMs > 5500
    return {
      figure: `${tallyText(tally)}, ${oldest}`,
      faults: [...healthFaults(tally), ...faultsOf([isOld, oldest])],
    }
  })
}

export const UPSTREAM_ROWS: readonly Row[] = [
  {
    bar: 'R-14',
    name: 'cname-bombs',
    tried: 'replies of 64 KiB over TCP with some 4,600 CNAMEs and a chain of 32, 30 a second',
    isShort: true,
    run: bombed,
  },
  {
    bar: 'R-01a',
    name: 'ports-mmsg',
    tried: 'source ports and ids as the upstream sees them for a minute, engine mmsg, 2,000 q/s',
    run: world => hidden(world, 'mmsg', 2000),
  },
  {
    bar: 'R-01a',
    name: 'ports-mmsg-slow',
    tried: 'the same at 200 q/s',
    run: world => hidden(world, 'mmsg', 200),
  },
  {
    bar: 'R-01a',
    name: 'ports-dgram',
    tried: 'the same with engine dgram at 2,000 q/s',
    run: world => hidden(world, 'dgram', 2000),
  },
  {
    bar: 'R-42',
    name: 'silent-upstream',
    tried: '4,000 q/s for names that the one upstream never answers, stock memory limit',
    run: silenced,
  },
  {
    bar: 'R-63c',
    name: 'waiting-queries',
    tried:
      '320 connections that pipeline small queries and 2,000 q/s over UDP, all for names that the upstream never answers, no `max_concurrent`, stock memory limit',
    isShort: true,
    run: waiting,
  },
  {
    bar: 'R-23',
    name: 'random-names',
    tried: '1,800 random names a second, answered after 500 ms, beside 500 known ones a second',
    run: drowned,
  },
  {
    bar: 'R-03',
    name: 'one-name-at-once',
    tried: '500 clients ask for one name at once, the upstream takes 500 ms',
    isShort: true,
    run: together,
  },
  {
    bar: 'R-24',
    name: 'held-back',
    tried: 'the upstream holds replies and releases all at once every 1.8 s, 500 q/s',
    run: heldBack,
  },
]
