// Clients over TCP that cost more than they bring: bytes one at a time, messages of the largest
// size, answers that are never read, connections kept.

import { query } from '../../support/messages.ts'
import { startAttack } from '../attacks/attack.ts'
import type { Load } from '../attacks/loads.ts'
import { framed } from '../attacks/loads.ts'
import { hostName } from '../names.ts'
import { type Figure, faultsOf, type Row } from '../row.ts'
import type { World } from '../world.ts'
import { beside, type SceneSetting, setScene, whileAlive, within } from './scene.ts'

interface Flood {
  readonly connections: number
  readonly load: Load
  readonly reads: boolean
  readonly ms: number
}

/** A flood beside a healthy client: nobody dies, and the client is answered. */
export const flooded = async (
  world: World,
  flood: Flood,
  setting: SceneSetting = {},
): Promise<Figure> => {
  const scene = await setScene(world, setting)
  const { connections, load, reads, ms } = flood
  return beside(scene, async () => {
    const attack = startAttack(world, 'flood', {
      port: scene.target.port,
      connections,
      load,
      reads,
    })
    await whileAlive(scene, ms)
    const { frames = 0, cut = 0 } = await attack.stop()
    return {
      figure: `${connections} connections, ${frames} frames in ${ms / 1000} s, ${cut} cut`,
      faults: [],
    }
  })
}

const dripped = async (world: World, connections: number, limit: number): Promise<Figure> => {
  const scene = await setScene(world)
  const { target } = scene
  return beside(scene, async () => {
    const attack = startAttack(world, 'drip', {
      port: target.port,
      connections,
      name: hostName(0),
      limit,
    })
    await Promise.race([attack.ended, target.server.exited])
    const { segments = 0, reopened = 0 } = await attack.stop()
    return {
      figure: `${connections} connections, ${segments} segments, ${reopened} opened again`,
      faults: [],
    }
  })
}

const heldOpen = async (
  world: World,
  connections: number,
  clients: number,
  trickle: string,
): Promise<Figure> => {
  const scene = await setScene(world)
  const { port } = scene.target
  return beside(scene, async () => {
    const held = startAttack(world, 'hold', {
      port,
      connections,
      first: trickle === '' ? '' : '\0',
      trickle,
      everyMs: 2000,
    })
    await held.ready
    const fresh = startAttack(world, 'fresh', {
      port,
      name: hostName(3),
      clients,
      everyMs: world.either(50, 300),
    })
    const { asked = 0, answered = 0, closed = 0, lost = 0, wrong = 0 } = await fresh.ended
    const { most = 0 } = await held.stop()
    return {
      figure: `${connections} connections (${most} at once), fresh clients: ${answered} of ${asked} answered, ${closed} closed, ${lost} lost`,
      faults: faultsOf(
        [closed + lost > 0, `${closed + lost} of ${asked} fresh TCP clients turned away`],
        [wrong > 0, `${wrong} wrong answers`],
      ),
    }
  })
}

/**
 * Both bytes of the length, half of the message, the rest. The answer takes a while: a half-close
 * comes before it.
 */
const dnsParts = (): string[] => {
  const text = framed(query('parts.slow.test', 'TXT').bytes).toString('latin1')
  return [text.slice(0, 1), text.slice(1, 2), text.slice(2, 17), text.slice(17)]
}

const DESCRIPTOR_SLACK = 2
const SETTLED_MS = 20_000

/** Peers that stop at every stage, of DNS or of HTTP. */
export const mixed = async (world: World, peers: number, of: 'dns' | 'http'): Promise<Figure> => {
  const scene = await setScene(world)
  const { target } = scene
  const before = target.descriptors
  const parts =
    of === 'dns'
      ? dnsParts()
      : ['GET /hea', 'lth HTTP/1.1\r\n', 'Host: x\r\nConnection: close\r\n', '\r\n']
  const port = of === 'dns' ? target.port : target.healthPort
  return beside(scene, async () => {
    const attack = startAttack(world, 'mix', { port, peers, abreast: 100, parts, seed: world.seed })
    const { whole = 0, answered = 0 } = await attack.ended
    const isBack = await within(
      world,
      SETTLED_MS,
      () => target.descriptors <= before + DESCRIPTOR_SLACK,
    )
    return {
      figure: `${peers} peers, ${answered} of ${whole} whole messages answered; descriptors ${before} → ${target.descriptors}`,
      faults: faultsOf(
        [answered < whole, `${whole - answered} whole messages not answered`],
        [!isBack, `descriptors ${before} → ${target.descriptors}`],
      ),
    }
  })
}

export const TCP_ROWS: readonly Row[] = [
  {
    bar: 'R-27b',
    name: 'one-byte-segments',
    tried:
      '2, 4 and 8 connections that send queries of 65,535 bytes in segments of one byte, in the stock memory limit',
    isShort: true,
    run: async world => {
      if (world.isShort) return dripped(world, 8, 400_000)
      const figures = [
        await dripped(world, 2, world.amount(0, 500_000)),
        await dripped(world, 8, world.amount(0, 1_000_000)),
      ]
      return {
        figure: figures.map(({ figure }) => figure).join('. '),
        faults: figures.flatMap(({ faults }) => faults),
      }
    },
  },
  {
    bar: 'R-63c',
    name: 'large-queries',
    tried:
      '20 connections that pipeline queries of 64 KiB for names that are not cached, upstream silent, stock memory limit',
    isShort: true,
    run: world =>
      flooded(world, {
        connections: 20,
        load: { kind: 'large queries', zone: 'silent.test' },
        reads: true,
        ms: world.amount(4000, 20_000),
      }),
  },
  {
    bar: 'R-63c',
    name: 'large-queries-many',
    tried:
      '300 connections that pipeline queries of 64 KiB for names that are not cached, the upstream answers, stock memory limit',
    run: world =>
      flooded(world, {
        connections: 300,
        load: { kind: 'large queries', zone: 'fwd.test' },
        reads: true,
        ms: world.amount(4000, 20_000),
      }),
  },
  {
    bar: 'R-27b',
    name: 'never-reads',
    tried:
      '400 connections that pipeline queries of 33 bytes and never read the answers, stock memory limit',
    isShort: true,
    run: world =>
      flooded(world, {
        connections: 400,
        load: { kind: 'one name', name: hostName(1) },
        reads: false,
        ms: world.amount(5000, 20_000),
      }),
  },
  {
    bar: 'R-27a',
    name: 'idle-connections',
    tried:
      '3,000 connections from one address that say nothing; beside them fresh TCP clients with one question each',
    isShort: true,
    run: world => heldOpen(world, world.either(2200, 3000), world.amount(10, 40), ''),
  },
  {
    bar: 'R-27a',
    name: 'slow-connections',
    tried:
      '3,000 connections that send a byte every 2 s; beside them fresh TCP clients with one question each',
    run: world => heldOpen(world, 3000, world.amount(10, 40), '\0'),
  },
  {
    bar: 'R-27b',
    name: 'unfinished-dns',
    tried: '1,000 TCP peers that half-close, reset, stall or trickle at every stage of a message',
    isShort: true,
    run: world => mixed(world, world.amount(200, 1000), 'dns'),
  },
]
