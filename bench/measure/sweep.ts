// Asks for every name of a cluster once and compares the addresses: dnsperf counts answers, but
// reads none. Truncated ones are asked again over TCP.

import { createSocket, type Socket } from 'node:dgram'
import { connect } from 'node:net'
import { buffer } from 'node:stream/consumers'
import type { ClusterName } from '../load/cluster.ts'
import { decodeAnswer, encodeQuery } from '../load/message.ts'

const AT_ONCE = 50
const LIMIT_MS = 2000
const FLAG_TC = 2

export interface SweepResult {
  /** Without an answer, or with another answer than the right one. */
  readonly wrong: number
  /** Of the first wrong one, for people. */
  readonly example: string | undefined
}

/** Undefined if no answer comes in time. */
const askUdp = async (
  socket: Socket,
  port: number,
  id: number,
  name: string,
): Promise<Buffer | undefined> => {
  const { promise, resolve } = Promise.withResolvers<Buffer | undefined>()
  const timer = setTimeout(resolve, LIMIT_MS, undefined)
  const listen = (message: Buffer): void => {
    if (message.length >= 12 && message.readUInt16BE(0) === id) resolve(message)
  }
  socket.on('message', listen)
  socket.send(encodeQuery(id, name), port, '127.0.0.1')
  return promise.finally(() => {
    clearTimeout(timer)
    socket.off('message', listen)
  })
}

/**
 * One connection for one question: the end of our side makes the server end its own after the
 * answer.
 */
const askTcp = async (port: number, id: number, name: string): Promise<Buffer | undefined> => {
  const socket = connect({ port, host: '127.0.0.1' })
  socket.setTimeout(LIMIT_MS, () => socket.destroy(new Error('no answer')))
  const query = encodeQuery(id, name)
  socket.end(Buffer.concat([Buffer.of(query.length >>> 8, query.length & 0xff), query]))
  try {
    return (await buffer(socket)).subarray(2)
  } catch {
    // Whatever went wrong, there is no answer.
    return undefined
  }
}

const addressesOf = async (
  socket: Socket,
  port: number,
  id: number,
  name: string,
): Promise<string> => {
  const short = await askUdp(socket, port, id, name)
  const whole =
    short !== undefined && ((short[2] ?? 0) & FLAG_TC) !== 0 ? await askTcp(port, id, name) : short
  const answer = whole && decodeAnswer(whole)
  if (answer === undefined) return 'no answer'
  return answer.rcode === 0 ? [...answer.addresses].sort().join(' ') : `rcode ${answer.rcode}`
}

export const sweep = async (port: number, names: readonly ClusterName[]): Promise<SweepResult> => {
  const rest = names.values()
  let id = 0
  let wrong = 0
  let example: string | undefined
  const askOn = async (): Promise<void> => {
    const socket = createSocket('udp4')
    socket.on('error', () => undefined)
    for (const { name, addresses } of rest) {
      const found = await addressesOf(socket, port, (id = (id + 1) & 0xffff), name)
      const expected = [...addresses].sort().join(' ')
      if (found === expected) continue
      wrong++
      example ??= `${name}: ${found.slice(0, 100)} instead of ${expected.slice(0, 100)}`
    }
    socket.close()
  }
  await Promise.all(Array.from({ length: AT_ONCE }, askOn))
  return { wrong, example }
}
