// The thread of an attack: runs the one that it is told to, and tells what it counted.

import { isMainThread, parentPort, workerData } from 'node:worker_threads'
import type { Attack } from './attack.ts'
import { crowd } from './crowd.ts'
import { drip } from './drip.ts'
import { flood } from './flood.ts'
import { fresh } from './fresh.ts'
import { fuzzTcp, fuzzUdp } from './fuzz.ts'
import { hold } from './hold.ts'
import { leave } from './leave.ts'
import { mix } from './mix.ts'
import { spray } from './spray.ts'
import { streamQuestions } from './stream-questions.ts'
import { unasked } from './unasked.ts'
import { variety } from './variety.ts'

const ATTACKS = {
  crowd,
  drip,
  flood,
  fresh,
  fuzzTcp,
  fuzzUdp,
  hold,
  leave,
  mix,
  spray,
  streamQuestions,
  unasked,
  variety,
}
export type Attacks = typeof ATTACKS

if (!isMainThread && parentPort !== null) {
  const port = parentPort
  const { name, setting } = workerData as { readonly name: keyof Attacks; readonly setting: never }
  const stopping = new AbortController()
  port.once('message', () => stopping.abort())
  const cue = { signal: stopping.signal, ready: () => port.postMessage({ kind: 'ready' }) }
  const counts = await (ATTACKS[name] as Attack<never>)(setting, cue)
  port.postMessage({ kind: 'ended', counts })
  port.close()
}
