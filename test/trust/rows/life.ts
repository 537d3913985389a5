// Starts, reloads and ends; files that are large; what is counted and logged.

import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { query } from '../../support/messages.ts'
import { askOverUdp } from '../../support/one-shot.ts'
import { temporaryFolder } from '../../support/server-process.ts'
import { startAttack } from '../attacks/attack.ts'
import { HealthyClient, healthFaults, tallyText } from '../healthy-client.ts'
import { addressIn } from '../judge.ts'
import { addressOf, hostName } from '../names.ts'
import { type Figure, faultsOf, type Row } from '../row.ts'
import { startTarget } from '../target.ts'
import { startUpstream } from '../upstream.ts'
import type { World } from '../world.ts'
import { beside, setScene, within } from './scene.ts'

const reloaded = async (world: World, reloads: number, perSecond: number): Promise<Figure> => {
  const upstream = await startUpstream(world)
  const target = await startTarget(world, { upstream: upstream.port })
  const before = target.descriptors
  const client = await HealthyClient.start(world, { port: target.port, perSecond })
  for (let n = 1; n <= reloads && target.isAlive; n++) {
    // A Corefile that differs: else there would be nothing to do.
    target.write(n % 2 === 0 ? [] : ['any'])
    target.server.child.kill('SIGUSR1')
    const isDone = await within(world, 30_000, () => target.count(/Reloading complete/g) >= n)
    if (!isDone) break
  }
  const tally = await client.tally()
  const done = target.count(/Reloading complete/g)
  return {
    figure: `${done} reloads at ${perSecond} q/s: ${tallyText(tally)}; descriptors ${before} → ${target.descriptors}; ${target.memoryText}`,
    faults: [
      ...target.faults(),
      ...healthFaults(tally),
      ...faultsOf([done < reloads, `${done} of ${reloads} reloads`]),
    ],
  }
}

export const HOSTS_LINES = 200_000
/** The upstream never answers for this zone: an answer is the file's. */
export const bigName = (n: number): string => `big${n}.silent.test`
export const hostsFile = (extra: string): string =>
  Array.from({ length: HOSTS_LINES }, (_, n) => `${addressOf(bigName(n))} ${bigName(n)}\n`).join(
    '',
  ) + extra

const largeHosts = async (world: World): Promise<Figure> => {
  const file = join(temporaryFolder(world), 'hosts')
  writeFileSync(file, hostsFile(''))
  const upstream = await startUpstream(world)
  const target = await startTarget(world, { upstream: upstream.port, hostsFile: file })
  const client = await HealthyClient.start(world, { port: target.port })
  const has = async (name: string): Promise<boolean> => {
    const fate = await askOverUdp(target.port, query(name).bytes)
    return typeof fate !== 'string' && addressIn(fate) === addressOf(name)
  }
  const isRead = await within(world, 20_000, () => has(bigName(HOSTS_LINES - 1)))
  let isReadAgain = true
  for (let n = 1; n <= world.amount(1, 3) && isReadAgain && target.isAlive; n++) {
    const added = `added${n}.silent.test`
    writeFileSync(file, hostsFile(`${addressOf(added)} ${added}\n`))
    isReadAgain = await within(world, 30_000, () => has(added))
  }
  const tally = await client.tally()
  return {
    figure: `${HOSTS_LINES} lines, changed ${world.amount(1, 3)} times: ${tallyText(tally)}; ${target.memoryText}`,
    faults: [
      ...target.faults(),
      ...faultsOf(
        [!isRead, 'the last line is not answered'],
        [isRead && !isReadAgain, 'a line that was added is not answered'],
      ),
      ...(target.isAlive ? healthFaults(tally) : []),
    ],
  }
}

const coldStart = async (world: World): Promise<Figure> => {
  const upstream = await startUpstream(world)
  const times: number[] = []
  for (let n = 0; n < world.amount(1, 5); n++) {
    let startMs = 0
    const target = await startTarget(world, {
      upstream: upstream.port,
      launched: () => (startMs = performance.now()),
    })
    const fate = await askOverUdp(target.port, query(`cold${n}.fwd.test`).bytes)
    if (typeof fate !== 'string') times.push(performance.now() - startMs)
    target.server.child.kill('SIGKILL')
    await target.server.exited
  }
  const median =
    times.sort((a, b) => a - b)[Math.floor(times.length / 2)] ?? Number.POSITIVE_INFINITY
  return {
    figure: `${times.length} starts from source, median ${median.toFixed(0)} ms`,
    faults: faultsOf([median > 500, `${median.toFixed(0)} ms`]),
  }
}

/** Beyond what a timer of Node takes, which then fires at once. */
const LONG_LAMEDUCK = '{\nlameduck 600h\n}'
const LEAVING = /Going into lameduck mode/

const lameduck = async (world: World): Promise<Figure> => {
  const target = await startTarget(world, { health: LONG_LAMEDUCK })
  target.server.child.kill('SIGTERM')
  await target.server.seen(LEAVING)
  // Whichever is first: it ends, or it has stayed for long enough to be sure.
  await Promise.race([target.server.exited, world.pass(2000)])
  return {
    figure: `2 s after SIGTERM it is ${target.isAlive ? 'still there' : 'gone'}`,
    faults: faultsOf([!target.isAlive, 'it ended at once']),
  }
}

const counted = async (world: World, engine: 'mmsg' | 'dgram'): Promise<Figure> => {
  const upstream = await startUpstream(world)
  const target = await startTarget(world, { upstream: upstream.port, engine })
  const limit = world.amount(1000, 20_000)
  const client = await HealthyClient.start(world, { port: target.port, perSecond: 2000, limit })
  const tally = await client.whole()
  const received = await target.metric('shardns_udp_datagrams_total')
  // What was asked twice was sent twice.
  const isExact = received >= tally.asked && received <= tally.asked + tally.late + tally.lost
  return {
    figure: `${engine}: ${tally.asked} sent, shardns_udp_datagrams_total ${received}`,
    faults: [
      ...target.faults(),
      ...faultsOf([!isExact, `${received} of ${tally.asked} datagrams counted`]),
    ],
  }
}

const resetClients = async (world: World): Promise<Figure> => {
  const directives = ['log', 'acl {', 'block net 192.0.2.0/24', '}']
  const scene = await setScene(world, { directives })
  const { target } = scene
  const clients = world.amount(300, 3000)
  return beside(scene, async () => {
    await startAttack(world, 'leave', { port: target.port, name: hostName(6), clients }).ended
    await pause(500)
    const nameless = target.count(/^\[INFO\] (?:\[?[\w:]*\]?)?:0 /gm)
    const unparsed = target.count(/Unable to parse source address/g)
    return {
      figure: `${clients} clients: ${nameless} log lines without an address, ${unparsed} of acl`,
      faults: faultsOf([
        nameless + unparsed > 0,
        `${nameless} log lines without an address, ${unparsed} complaints of acl`,
      ]),
    }
  })
}

export const LIFE_ROWS: readonly Row[] = [
  {
    bar: 'R-55a',
    name: 'reloads',
    tried: '100 reloads at 5,000 q/s, three times',
    isShort: true,
    run: async world => {
      if (world.isShort) return reloaded(world, 10, 500)
      const figures: Figure[] = []
      for (let n = 0; n < 3; n++) figures.push(await reloaded(world, world.amount(0, 100), 5000))
      return {
        figure: figures.map(({ figure }) => figure).join('. '),
        faults: figures.flatMap(({ faults }) => faults),
      }
    },
  },
  {
    bar: 'R-63c',
    name: 'large-hosts',
    tried: 'a hosts file of 200,000 lines that changes, stock memory limit',
    run: largeHosts,
  },
  {
    bar: 'R-60c',
    name: 'cold-start',
    tried: 'SIGKILL, start, first forwarded answer',
    run: coldStart,
  },
  {
    bar: 'R-55b',
    name: 'long-lameduck',
    tried: '`lameduck 600h` and SIGTERM',
    isShort: true,
    run: lameduck,
  },
  {
    bar: 'R-25',
    name: 'counts-mmsg',
    tried: 'datagrams sent against datagrams counted, engine mmsg',
    run: world => counted(world, 'mmsg'),
  },
  {
    bar: 'R-25',
    name: 'counts-dgram',
    tried: 'datagrams sent against datagrams counted, engine dgram',
    isShort: true,
    run: world => counted(world, 'dgram'),
  },
  {
    bar: 'R-18',
    name: 'reset-clients',
    tried:
      '3,000 TCP clients that ask and reset at once, with log and acl: each line names its client',
    isShort: true,
    run: resetClients,
  },
]
