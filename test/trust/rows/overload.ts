// What some clients leave waiting, while others ask: room, descriptors and memory are shared
// between addresses. Each row has a host of its own, on which clients are not all on loopback,
// where they have privileges.

import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { query } from '../../support/messages.ts'
import { askOverUdp, type Place } from '../../support/one-shot.ts'
import { temporaryFolder } from '../../support/server-process.ts'
import { startAttack } from '../attacks/attack.ts'
import { HealthyClient, healthFaults, type Tally, tallyText } from '../healthy-client.ts'
import { addressIn } from '../judge.ts'
import { addressOf, hostName } from '../names.ts'
import { type Figure, faultsOf, type Row } from '../row.ts'
import type { Target } from '../target.ts'
import type { World } from '../world.ts'
import { bigName, HOSTS_LINES, hostsFile } from './life.ts'
import { beside, type Scene, type SceneSetting, setScene, whileAlive, within } from './scene.ts'

const HOST_V4 = '10.9.9.9'
const HOST_V6 = 'fd00:99::1'
/** Well-behaved clients, none of which shares an address or a /64 with an attacker. */
const LOOPBACK: Place = { host: '127.0.0.1' }
const OTHER_V4: Place = { host: HOST_V4, from: '10.5.5.6' }
const OTHER_V6: Place = { host: HOST_V6, from: 'fd00:55::6' }

const manyV4 = (net: string, count: number): string[] =>
  Array.from({ length: count }, (_, n) => `${net}.${n >> 7}.${1 + (n & 127)}`)
const manyNetsV6 = (count: number): string[] =>
  Array.from({ length: count }, (_, n) => `fd00:66:${n.toString(16)}::1`)

const SILENT = { kind: 'small queries', zone: 'silent.test' } as const
const ATTACKS_PER_SECOND = 3000
/** Until what an attack leaves waiting is as much as it gets: an upstream has five seconds. */
const RISE_MS = 2000
/** Who is cut comes back before others have taken the room that it left. */
const AT_ONCE_MS = 5

interface Other {
  readonly name: string
  readonly place: Place
}

/** Misses of these clients over UDP: what became of each one's. */
const missesOf = async (
  scene: Scene,
  others: readonly Other[],
  ms: number,
): Promise<readonly (Other & { readonly tally: Tally })[]> => {
  const perSecond = 20
  const clients = others.map(async ({ name, place }) => {
    const client = await HealthyClient.start(scene.world, {
      port: scene.target.port,
      zone: `${name}.fwd.test`,
      perSecond,
      limit: (perSecond * ms) / 1000,
      place,
    })
    return { name, place, tally: await client.whole() }
  })
  return Promise.all(clients)
}

const missesFigure = (all: Awaited<ReturnType<typeof missesOf>>): Figure => ({
  figure: all.map(({ name, tally }) => `misses of ${name}: ${tallyText(tally)}`).join('; '),
  faults: all.flatMap(({ name, tally }) =>
    healthFaults(tally).map(fault => `misses of ${name}: ${fault}`),
  ),
})

const oneAddress = async (world: World): Promise<Figure> => {
  const scene = await setScene(world, { shards: 1, isUnbounded: true, isOpen: true })
  const { port } = scene.target
  return beside(scene, async () => {
    const connections = 200
    const from = ['10.77.0.1']
    const attack = startAttack(world, 'flood', {
      ...{ port, host: HOST_V4, from, connections },
      ...{ load: SILENT, reads: true, reopenMs: AT_ONCE_MS },
    })
    await whileAlive(scene, 2 * RISE_MS)
    const clients = world.amount(10, 40)
    const newcomers = [OTHER_V4, OTHER_V6].map(async place => {
      const setting = { port, name: hostName(3), clients, everyMs: world.either(100, 200), place }
      return (await startAttack(world, 'fresh', setting).ended).answered ?? 0
    })
    const [v4 = 0, v6 = 0] = await Promise.all(newcomers)
    const { frames = 0, cut = 0 } = await attack.stop()
    return {
      figure: `${connections} connections of one address, ${frames} frames, ${cut} cut; newcomers over TCP answered: IPv4 ${v4} of ${clients}, IPv6 ${v6} of ${clients}`,
      faults: faultsOf(
        [v4 < clients, `${clients - v4} newcomers over IPv4 not answered`],
        [v6 < clients, `${clients - v6} newcomers over IPv6 not answered`],
      ),
    }
  })
}

const manyAddresses = async (world: World, shards: number): Promise<Figure> => {
  const scene = await setScene(world, { shards, isUnbounded: true, isOpen: true })
  return beside(scene, async () => {
    const from = manyNetsV6(200)
    const attack = startAttack(world, 'spray', {
      ...{ port: scene.target.port, host: HOST_V6, from },
      ...{ zone: SILENT.zone, perSecond: ATTACKS_PER_SECOND },
    })
    await attack.ready
    await whileAlive(scene, RISE_MS)
    const others = [
      { name: 'loopback', place: LOOPBACK },
      { name: 'ipv4', place: OTHER_V4 },
      { name: 'ipv6', place: OTHER_V6 },
    ]
    const { figure, faults } = missesFigure(
      await missesOf(scene, others, world.amount(3000, 10_000)),
    )
    const { sent = 0 } = await attack.stop()
    return { figure: `${sent} misses of ${from.length} /64s; ${figure}`, faults }
  })
}

const DESCRIPTORS = 1024

const fewDescriptors = async (world: World): Promise<Figure> => {
  const inside = ['sh', '-c', `ulimit -n ${DESCRIPTORS} && exec "$@"`, 'sh']
  const scene = await setScene(world, { inside, isUnbounded: true, isOpen: true })
  const { port } = scene.target
  return beside(scene, async () => {
    const connections = 10
    const attack = startAttack(world, 'flood', {
      ...{ port, host: HOST_V4, from: ['10.77.0.1'], connections },
      ...{ load: SILENT, reads: true },
    })
    await whileAlive(scene, RISE_MS)
    const others = [
      { name: 'loopback', place: LOOPBACK },
      { name: 'ipv4', place: OTHER_V4 },
    ]
    const ms = world.amount(3000, 10_000)
    const perSecond = 10
    const overTcp = startAttack(world, 'streamQuestions', {
      ...{ port, zone: 'tcp.fwd.test', perSecond, limit: (perSecond * ms) / 1000 },
    })
    const { figure, faults } = missesFigure(await missesOf(scene, others, ms))
    const { asked = 0, answered = 0 } = await overTcp.ended
    const { frames = 0 } = await attack.stop()
    return {
      figure: `${connections} connections at ${DESCRIPTORS} descriptors, ${frames} frames; ${figure}; misses over TCP: ${answered} of ${asked} answered`,
      faults: [
        ...faults,
        ...faultsOf([answered < asked, `${asked - answered} misses over TCP not answered`]),
      ],
    }
  })
}

/** For what still waits to be given up: at the end the server grants it five seconds as well. */
const AFTERMATH_MS = 2000
const END_SECONDS = 5
const MOST_END_MS = 60_000

const endFigure = async (world: World, target: Target): Promise<Figure> => {
  if (!target.isAlive) return { figure: '', faults: [] }
  const startMs = performance.now()
  target.server.child.kill('SIGTERM')
  const hasEnded = await within(world, MOST_END_MS, () => !target.isAlive)
  const seconds = (performance.now() - startMs) / 1000
  const text = hasEnded ? `ends ${seconds.toFixed(1)} s after SIGTERM` : 'does not end by SIGTERM'
  return { figure: `; ${text}`, faults: faultsOf([seconds > END_SECONDS, text]) }
}

const besideHosts = async (world: World): Promise<Figure> => {
  const file = join(temporaryFolder(world), 'hosts')
  writeFileSync(file, hostsFile(''))
  const setting: SceneSetting = {
    shards: 1,
    isUnbounded: true,
    isOpen: true,
    hasFreshNode: true,
    hostsFile: file,
  }
  const scene = await setScene(world, setting)
  const { target } = scene
  const { port } = target
  const { figure, faults } = await beside(scene, async () => {
    const last = bigName(HOSTS_LINES - 1)
    const isRead = await within(world, 20_000, async () => {
      const fate = await askOverUdp(port, query(last).bytes)
      return typeof fate !== 'string' && addressIn(fate) === addressOf(last)
    })
    const connections = 600
    const flood = startAttack(world, 'flood', {
      ...{ port, host: HOST_V4, from: manyV4('10.77', connections), connections },
      ...{ load: SILENT, reads: true },
    })
    await whileAlive(scene, world.amount(6000, 6000))
    const { frames = 0 } = await flood.stop()
    const from = manyV4('10.66', 200)
    const spray = startAttack(world, 'spray', {
      ...{ port, host: HOST_V4, from, zone: SILENT.zone, perSecond: ATTACKS_PER_SECOND },
    })
    await whileAlive(scene, world.amount(8000, 8000))
    const { filesText } = target
    const { sent = 0 } = await spray.stop()
    await whileAlive(scene, AFTERMATH_MS)
    return {
      figure: `${HOSTS_LINES} lines; ${connections} connections, ${frames} frames; then ${sent} misses over UDP of ${from.length} addresses; ${filesText}`,
      faults: faultsOf([!isRead, 'the last line of the hosts file is not answered']),
    }
  })
  const end = await endFigure(world, target)
  return { figure: `${figure}${end.figure}`, faults: [...faults, ...end.faults] }
}

export const OVERLOAD_ROWS: readonly Row[] = [
  {
    bar: 'R-63c',
    name: 'waiting-beside-hosts',
    tried:
      "a hosts file of 200,000 lines; 600 connections that pipeline misses for 6 s, then 3,000 misses a second over UDP for 8 s, the upstream silent, no `max_concurrent`, stock memory limit with Node's own file in it; then SIGTERM, and 5 s",
    hasOwnHost: true,
    run: besideHosts,
  },
  {
    bar: 'R-27a',
    name: 'one-address-many-connections',
    tried:
      '200 connections of one address that pipeline misses, the upstream silent; beside them newcomers over TCP from other addresses, IPv4 and IPv6, with one question each',
    isShort: true,
    hasOwnHost: true,
    run: oneAddress,
  },
  {
    bar: 'R-23',
    name: 'misses-of-many-addresses',
    tried:
      '3,000 misses a second over UDP from 200 IPv6 /64s, the upstream silent, no `max_concurrent`; beside them misses of loopback, of an IPv4 address and of another /64: none is refused',
    isShort: true,
    hasOwnHost: true,
    run: world => manyAddresses(world, 1),
  },
  {
    bar: 'R-29',
    name: 'few-descriptors-upstream',
    tried:
      '`ulimit -n 1024` and 10 connections of one client that pipeline misses, the upstream silent; beside them misses of others over UDP and TCP: none fails',
    isShort: true,
    hasOwnHost: true,
    run: fewDescriptors,
  },
]
