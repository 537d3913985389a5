// The HTTP endpoints that a kubelet probes: whoever else is connected, a probe is answered.

import { startAttack } from '../attacks/attack.ts'
import { type Figure, faultsOf, type Row } from '../row.ts'
import type { World } from '../world.ts'
import { beside, setScene } from './scene.ts'
import { mixed } from './tcp.ts'

/** A kubelet waits one second unless told otherwise; this machine is busier than a kubelet's. */
const PROBE_MS = 5000

const isUp = async (port: number, path: string): Promise<boolean> => {
  try {
    const response = await fetch(`http://127.0.0.1:${port}${path}`, {
      headers: { connection: 'close' },
      signal: AbortSignal.timeout(PROBE_MS),
    })
    await response.arrayBuffer()
    return response.status === 200
  } catch {
    // Reset, refused or too late.
    return false
  }
}

const crowded = async (world: World, connections: number, trickle: string): Promise<Figure> => {
  const scene = await setScene(world)
  const { healthPort, readyPort, metricsPort } = scene.target
  const places = [
    { port: healthPort, path: '/health' },
    { port: readyPort, path: '/ready' },
    { port: metricsPort, path: '/metrics' },
  ]
  const rounds = world.amount(3, 15)
  return beside(scene, async () => {
    const first = trickle === '' ? '' : 'GET /'
    const held = places.map(({ port }) =>
      startAttack(world, 'hold', { port, connections, first, trickle, everyMs: 500 }),
    )
    await Promise.all(held.map(({ ready }) => ready))
    const failures = new Map<string, number>()
    for (let round = 0; round < rounds; round++) {
      for (const { port, path } of places)
        if (!(await isUp(port, path))) failures.set(path, (failures.get(path) ?? 0) + 1)
      await world.pass(world.either(200, 1000))
    }
    await Promise.all(held.map(attack => attack.stop()))
    const texts = places.map(
      ({ path }) => `${path} ${rounds - (failures.get(path) ?? 0)} of ${rounds}`,
    )
    return {
      figure: `${connections} connections to each of three ports; probes answered: ${texts.join(', ')}`,
      faults: faultsOf([
        failures.size > 0,
        `probes failed: ${[...failures].map(([path, count]) => `${path} ${count}`).join(', ')}`,
      ]),
    }
  })
}

export const HTTP_ROWS: readonly Row[] = [
  {
    bar: 'R-56',
    name: 'idle-http',
    tried:
      '1,000 silent connections to each of /health, /ready and /metrics, and a probe of each every second',
    isShort: true,
    run: world => crowded(world, world.either(300, 1000), ''),
  },
  {
    bar: 'R-56',
    name: 'trickling-http',
    tried:
      '1,000 connections that send a request line without end, a byte every 500 ms, to each of the three ports',
    run: world => crowded(world, 1000, 'a'),
  },
  {
    bar: 'R-56',
    name: 'unfinished-http',
    tried: '1,000 HTTP peers that half-close, reset, stall or trickle at every stage of a request',
    run: world => mixed(world, world.amount(100, 1000), 'http'),
  },
]
