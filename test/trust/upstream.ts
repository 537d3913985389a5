// The campaign's upstream, in a thread of its own. What it does stands in the name that it is asked
// for: the zone of a question says how it is answered, so that one upstream serves all rows.

import { createSocket } from 'node:dgram'
import { isMainThread, parentPort, workerData } from 'node:worker_threads'
import { readQuestion } from '../../src/wire/question.ts'
import { type Asked, fakeUpstream } from '../fakes/fake-upstream.ts'
import { cnameBomb } from './bomb.ts'
import { FORGERY_KINDS, forgeries } from './forgeries.ts'
import { addressOf } from './names.ts'
import { Thread } from './threads.ts'
import type { World } from './world.ts'

const SLOW_MS = 500
const FORGED_MS = 200
const TYPE_A = 1

export interface UpstreamNotes {
  /** Questions that came, over UDP and TCP. */
  readonly asked: number
  /** Forged replies that were sent. */
  readonly forged: number
  readonly bombs: number
  /** Of questions under ports.test over UDP, in order. */
  readonly ports: readonly number[]
  readonly ids: readonly number[]
}

interface Told extends UpstreamNotes {
  readonly kind: 'notes'
}

export interface Upstream {
  readonly port: number
  notes(): Promise<UpstreamNotes>
}

export interface UpstreamSetting {
  /** Forged replies to each question under forged.test. */
  readonly forgeries?: number
  readonly seed: number
}

/**
 * Answers A queries with the name's address and others with nothing. `silent.test`: never;
 * `slow.test`: after 500 ms; `forged.test`: after 200 ms, and before that come forgeries;
 * `bomb.test`: a CNAME bomb of 64 KiB over TCP; `hold.test`: all at once when told, each 1.8 s.
 */
export const startUpstream = async (
  world: World,
  setting: Omit<UpstreamSetting, 'seed'> = {},
): Promise<Upstream> => {
  const thread = new Thread(world, new URL(import.meta.url), {
    kind: 'upstream',
    seed: world.seed,
    ...setting,
  })
  const { port } = await thread.told<{ readonly kind: 'port'; readonly port: number }>('port')
  return { port, notes: () => thread.ask<Told>({ kind: 'notes' }) }
}

const notes = { asked: 0, forged: 0, bombs: 0, ports: [] as number[], ids: [] as number[] }
const HOLD_MS = 1800
let held: (() => void)[] = []

const answer = (asked: Asked, name: string, type: number): void =>
  asked.reply({ ra: true, answer: type === TYPE_A ? [`${name} 3600 IN A ${addressOf(name)}`] : [] })

const serve = async (setting: UpstreamSetting): Promise<void> => {
  const stranger = createSocket('udp4')
  const neighbour = createSocket('udp4')
  stranger.bind(0, '127.0.0.1')
  neighbour.bind(0, '127.0.0.2')
  const forge = (asked: Asked): void => {
    let n = 0
    for (const message of forgeries(
      asked.bytes,
      setting.forgeries ?? FORGERY_KINDS,
      setting.seed + notes.asked,
    )) {
      // Most come from the right socket: those are the ones that only the message can give away.
      const from = n++ % 10
      if (from === 0) stranger.send(message, asked.port, '127.0.0.1')
      else if (from === 1) neighbour.send(message, asked.port, '127.0.0.1')
      else asked.send(message)
      notes.forged++
    }
  }
  const respond = (asked: Asked): void => {
    upstream.asked.length = 0
    notes.asked++
    const question = readQuestion(asked.bytes)
    if (question === undefined) return
    const { name, type } = question
    const zone = name.toLowerCase().split('.').slice(-3, -1).join('.')
    if (zone === 'silent.test') return
    if (zone === 'ports.test' && asked.transport === 'udp') {
      notes.ports.push(asked.port)
      notes.ids.push((asked.bytes[0]! << 8) | asked.bytes[1]!)
    }
    if (zone === 'bomb.test' && asked.transport === 'udp') asked.reply({ tc: true })
    else if (zone === 'bomb.test') {
      notes.bombs++
      asked.send(cnameBomb(asked.bytes))
    } else if (zone === 'hold.test') held.push(() => answer(asked, name, type))
    else if (zone === 'slow.test') setTimeout(answer, SLOW_MS, asked, name, type)
    else if (zone === 'forged.test' && asked.transport === 'udp') {
      forge(asked)
      setTimeout(answer, FORGED_MS, asked, name, type)
    } else answer(asked, name, type)
  }
  const upstream = await fakeUpstream(respond)
  setInterval(() => {
    const due = held
    held = []
    for (const send of due) send()
  }, HOLD_MS)
  parentPort!.on('message', () =>
    parentPort!.postMessage({ kind: 'notes', ...notes } satisfies Told),
  )
  parentPort!.postMessage({ kind: 'port', port: upstream.port })
}

if (!isMainThread && parentPort !== null && (workerData as { kind?: string }).kind === 'upstream')
  await serve(workerData as UpstreamSetting)
