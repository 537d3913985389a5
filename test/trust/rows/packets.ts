// Bytes that no well-behaved client sends, at each engine and over TCP.

import { startAttack } from '../attacks/attack.ts'
import type { Attacks } from '../attacks/attacker.ts'
import { hostName } from '../names.ts'
import { type Figure, faultsOf, type Row } from '../row.ts'
import type { World } from '../world.ts'
import { beside, setScene, within } from './scene.ts'

/** Idle connections to upstreams are kept for 10 s, and looked after every 10 s. */
const DESCRIPTORS_MS = 25_000

const fuzzed = async (
  world: World,
  engine: 'mmsg' | 'dgram',
  attackName: keyof Pick<Attacks, 'fuzzUdp' | 'fuzzTcp'>,
  messages: number,
): Promise<Figure> => {
  const scene = await setScene(world, { engine })
  return beside(scene, async () => {
    const before = scene.target.descriptors
    const attack = startAttack(world, attackName, {
      port: scene.target.port,
      messages,
      seed: world.seed,
    })
    const {
      sent = 0,
      due = 0,
      answered = 0,
      unanswered = 0,
      flawed = 0,
      strays = 0,
    } = await attack.ended
    const areBack = await within(
      world,
      DESCRIPTORS_MS,
      () => scene.target.descriptors <= before + 2,
    )
    const panics = await scene.target.metric('coredns_panics_total')
    const over = attackName === 'fuzzUdp' ? `UDP, ${engine}` : 'TCP'
    return {
      figure:
        `${sent} messages over ${over}: ${answered} answered, ${due} due, ${unanswered} of them without, ${flawed} ill-formed, ` +
        `${strays} to nothing, ${panics} exceptions; descriptors ${before} → ${scene.target.descriptors}`,
      faults: faultsOf(
        [flawed > 0, `${flawed} ill-formed replies`],
        [strays > 0, `${strays} replies to nothing`],
        [unanswered > 0, `${unanswered} queries not answered`],
        [!areBack, `${scene.target.descriptors} descriptors, before ${before}`],
        [panics > 0, `${panics} exceptions`],
      ),
    }
  })
}

const REFLECTORS = [7, 13, 19, 37]

const silent = async (world: World): Promise<Figure> => {
  const scene = await setScene(world)
  return beside(scene, async () => {
    const base = { port: scene.target.port, name: hostName(5) }
    const count = world.amount(2000, 200_000)
    const replies = await startAttack(world, 'unasked', {
      ...base,
      count,
      from: 0,
      isResponse: true,
    }).ended
    const control = await startAttack(world, 'unasked', {
      ...base,
      count: 10,
      from: 53,
      isResponse: false,
    }).ended
    let answered = replies.answered ?? 0
    const tried: number[] = []
    for (const from of REFLECTORS.slice(0, world.either(1, REFLECTORS.length))) {
      const found = await startAttack(world, 'unasked', {
        ...base,
        count: 100,
        from,
        isResponse: false,
      }).ended
      if (found.unbound === 0) tried.push(from)
      answered += found.answered ?? 0
    }
    const isDeaf = control.unbound === 0 && control.answered === 0
    return {
      figure: `${count} replies (QR=1) and 100 queries from each of the ports ${tried.join(', ') || 'none: they take root'}: ${answered} answered`,
      faults: faultsOf(
        [answered > 0, `${answered} answered`],
        [isDeaf, 'port 53 is not answered either'],
      ),
    }
  })
}

export const PACKET_ROWS: readonly Row[] = [
  {
    bar: 'R-12a',
    name: 'damaged-mmsg',
    tried: '2 million damaged messages over UDP to engine mmsg',
    isShort: true,
    run: world => fuzzed(world, 'mmsg', 'fuzzUdp', world.amount(20_000, 2_000_000)),
  },
  {
    bar: 'R-12a',
    name: 'damaged-dgram',
    tried: '2 million damaged messages over UDP to engine dgram',
    isShort: true,
    run: world => fuzzed(world, 'dgram', 'fuzzUdp', world.amount(20_000, 2_000_000)),
  },
  {
    bar: 'R-12a',
    name: 'damaged-tcp',
    tried: '50,000 damaged messages over TCP',
    isShort: true,
    run: world => fuzzed(world, 'mmsg', 'fuzzTcp', world.amount(5000, 50_000)),
  },
  {
    bar: 'R-21',
    name: 'unasked',
    tried:
      '200,000 messages that are replies, and queries from ports that answer whatever they get',
    isShort: true,
    run: silent,
  },
]
