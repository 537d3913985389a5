// The main half of loop: sends one probe after the start to our own listener, under a name that
// cannot be guessed, and switches detection off once it is answered. The shards count the
// sightings.

import { setTimeout as pause } from 'node:timers/promises'
import { randomBytes } from '../../base/entropy.ts'
import type { ControlScope } from '../../chain/plugin/control-scope.ts'
import { type Endpoint, makeEndpoint } from '../../upstream/endpoint.ts'
import { ExchangeError } from '../../upstream/exchange-error.ts'
import { questionMessage } from '../../upstream/prober.ts'
import { Probe } from '../../upstream/relayed-question.ts'
import { threadSockets } from '../../upstream/socket-allowance.ts'
import { UdpClient } from '../../upstream/udp-client.ts'
import { nameFromText } from '../../wire/name.ts'
import { TYPE_HINFO } from '../../wire/rrtypes.ts'
import type { LoopOptions } from './options.ts'
import { type LoopShared, SIGHTINGS, SWITCHED_OFF, WORD_COUNT } from './words.ts'

const DNS = 'dns://'
const PROBE_TIMEOUT_MS = 2000
const RETRY_MS = 1000
const DETECTION_MS = 30_000

export const control = (options: LoopOptions, scope: ControlScope): LoopShared | undefined => {
  // The probe goes over UDP.
  const label = scope.block.listeners.map(each => each.label).find(text => text.startsWith(DNS))
  const address = label?.slice(DNS.length)
  const endpoint = address === undefined ? undefined : endpointOf(address)
  const qname = `${random62()}.${random62()}.${options.zone === '.' ? '' : options.zone}`
  const wire = nameFromText(qname)
  // A block without a listener for UDP of its own, or a zone so long that no probe fits below it,
  // cannot be probed.
  if (address === undefined || endpoint === undefined || wire === undefined) return undefined
  const word = scope.shared(WORD_COUNT)
  const message = questionMessage(wire, TYPE_HINFO, true)
  const stop = new AbortController()
  const client = new UdpClient(threadSockets)
  let detection: Promise<void> | undefined
  scope.onStart(() => {
    detection = detect({ endpoint, message, client, scope, word, signal: stop.signal })
  })
  scope.onRetire(async () => {
    stop.abort()
    client.close()
    await detection
  })
  return { zone: options.zone, qname, address, word }
}

interface Detection {
  readonly endpoint: Endpoint
  readonly message: Uint8Array
  readonly client: UdpClient
  readonly scope: ControlScope
  readonly word: number
  readonly signal: AbortSignal
}

/**
 * Any reply ends it. A failed probe says nothing, so its sightings are forgotten; it is tried again
 * for 30 s at most.
 */
const detect = async ({
  endpoint,
  message,
  client,
  scope,
  word,
  signal,
}: Detection): Promise<void> => {
  const words = scope.words()
  const deadlineMs = scope.clock.ms() + DETECTION_MS
  while (!signal.aborted && scope.clock.ms() < deadlineMs) {
    try {
      await client.exchange(endpoint, new Probe(message), PROBE_TIMEOUT_MS)
      break
    } catch (error) {
      if (!(error instanceof ExchangeError)) throw error
      Atomics.store(words, word + SIGHTINGS, 0)
      // Rejects when retired, and the loop's condition ends it.
      await pause(RETRY_MS, undefined, { ref: false, signal }).catch(() => undefined)
    }
  }
  Atomics.store(words, word + SWITCHED_OFF, 1)
}

/** `:53` and wildcards are reached over loopback. */
const endpointOf = (address: string): Endpoint | undefined => {
  const match = /^(.*):(\d+)$/.exec(address)
  if (match === null) return undefined
  const host = (match[1] ?? '').replace(/^\[(.*)\]$/, '$1')
  const reachable = host === '' || host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '::1' : host
  return makeEndpoint('dns', reachable, Number(match[2]))
}

const random62 = (): string => (randomBytes(8).readBigUInt64BE() >> 2n).toString()
