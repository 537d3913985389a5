// More than the server can take: of questions, and of descriptors.

import { query } from '../../support/messages.ts'
import { startPump } from '../../support/udp-pump.ts'
import { startAttack } from '../attacks/attack.ts'
import { hostName } from '../names.ts'
import { type Figure, faultsOf, type Row } from '../row.ts'
import type { World } from '../world.ts'
import { beside, setScene } from './scene.ts'

/** Datagrams in flight: far more than is answered at once, less than a receive buffer holds. */
const WINDOW = 4000

const saturated = async (world: World): Promise<Figure> => {
  const scene = await setScene(world)
  const { port } = scene.target
  const limit = Number.MAX_SAFE_INTEGER
  const pump = startPump(world, { port, message: query(hostName(7)).bytes, window: WINDOW, limit })
  const seconds = world.amount(3000, 20_000) / 1000
  await world.pass(seconds * 1000)
  const { sent, received } = await pump.stop()
  const drops = await scene.target.metric('shardns_udp_receive_drops')
  // What was asked during the flood is not the question: what comes after it is.
  await scene.client.tally()
  return beside(scene, async () => {
    await world.pass(world.amount(1000, 5000))
    return {
      figure: `${Math.round(received / seconds)} answers/s for ${seconds} s, ${drops} datagrams dropped and counted, ${sent - received} unanswered or beyond the flooding client's buffer; then`,
      faults: [],
    }
  })
}

const DESCRIPTORS = 256

const withoutDescriptors = async (world: World): Promise<Figure> => {
  const inside = ['sh', '-c', `ulimit -n ${DESCRIPTORS} && exec "$@"`, 'sh']
  const scene = await setScene(world, { inside })
  const { port } = scene.target
  return beside(scene, async () => {
    const connections = 1000
    const held = startAttack(world, 'hold', {
      port,
      connections,
      first: '',
      trickle: '',
      everyMs: 1000,
    })
    await held.ready
    await world.pass(world.amount(1000, 5000))
    await held.stop()
    await world.pass(1000)
    const clients = 10
    const { answered = 0 } = await startAttack(world, 'fresh', {
      port,
      name: hostName(8),
      clients,
      everyMs: 50,
    }).ended
    return {
      figure: `${connections} connections at ${DESCRIPTORS} descriptors; afterwards ${answered} of ${clients} TCP clients answered`,
      faults: faultsOf([
        answered < clients,
        `${clients - answered} TCP clients not answered afterwards`,
      ]),
    }
  })
}

export const STRAIN_ROWS: readonly Row[] = [
  {
    bar: 'R-26',
    name: 'saturation',
    tried: 'as many UDP queries as are answered for 20 s, in the stock memory limit; then 200 q/s',
    run: saturated,
  },
  {
    bar: 'R-29',
    name: 'descriptors',
    tried: '`ulimit -n 256` and 1,000 connections, which then are closed',
    run: withoutDescriptors,
  },
]
