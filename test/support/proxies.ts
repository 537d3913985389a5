// Real proxies that write PROXY headers, and clients with addresses of their own: 127.0.0.0/8 is
// all of this machine.

import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { FrameReader, frame } from '../../src/wire/frames.ts'
import { type Cleanup, freePorts, temporaryFolder, WatchedProcess } from './server-process.ts'

const WAIT_MS = 5000
/** Between two tries while a proxy starts. */
const TRY_MS = 100

export type Over = 'udp' | 'tcp'

/** Sends bytes as they are from an address; resolves to the first message, undefined for none. */
export const askFrom = (
  over: Over,
  from: string,
  port: number,
  bytes: Uint8Array,
  waitMs = WAIT_MS,
): Promise<Uint8Array | undefined> =>
  over === 'udp' ? askUdpFrom(from, port, [bytes], waitMs) : askTcpFrom(from, port, bytes, waitMs)

/** The datagrams leave from one socket, in order. */
export const askUdpFrom = async (
  from: string,
  port: number,
  datagrams: readonly Uint8Array[],
  waitMs = WAIT_MS,
): Promise<Uint8Array | undefined> => {
  const socket = createSocket('udp4')
  const { promise, resolve } = Promise.withResolvers<Uint8Array | undefined>()
  socket.on('message', reply => resolve(Uint8Array.from(reply)))
  // The port is closed: the same as silence.
  socket.on('error', () => {})
  socket.bind(0, from)
  await once(socket, 'listening')
  for (const bytes of datagrams) socket.send(bytes, port, '127.0.0.1')
  return within(promise, resolve, waitMs, () => void socket.close())
}

const askTcpFrom = (
  from: string,
  port: number,
  bytes: Uint8Array,
  waitMs: number,
): Promise<Uint8Array | undefined> => {
  const socket = connect({ port, host: '127.0.0.1', localAddress: from })
  const { promise, resolve } = Promise.withResolvers<Uint8Array | undefined>()
  const reader = new FrameReader()
  socket.on('error', () => resolve(undefined))
  socket.on('close', () => resolve(undefined))
  socket.on('data', chunk => {
    const [reply] = reader.all(Uint8Array.from(chunk as Buffer))
    if (reply !== undefined) resolve(reply)
  })
  socket.write(bytes)
  return within(promise, resolve, waitMs, () => void socket.destroy())
}

const within = async <T>(
  promise: Promise<T | undefined>,
  resolve: (value: undefined) => void,
  waitMs: number,
  end: () => void,
): Promise<T | undefined> => {
  const timer = setTimeout(() => resolve(undefined), waitMs)
  const value = await promise
  clearTimeout(timer)
  end()
  return value
}

/** As the transport carries it. */
export const carried = (over: Over, message: Uint8Array): Uint8Array =>
  over === 'udp' ? message : frame(message)

export interface Proxy {
  readonly port: number
  readonly process: WatchedProcess
}

/** In front of `port`, over UDP and TCP, with version 2. */
export const startDnsdist = (t: Cleanup, port: number): Promise<Proxy> =>
  startProxy(t, 'dnsdist', ['--supervised', '--disable-syslog', '-C'], own => [
    `setLocal('127.0.0.1:${own}')`,
    `setACL('127.0.0.0/8')`,
    `setSecurityPollSuffix('')`,
    `newServer({address='127.0.0.1:${port}', useProxyProtocol=true, checkInterval=1, checkName='health.test.', checkType='TXT'})`,
  ])

/** In front of `port`, over TCP. */
export const startHaproxy = (
  t: Cleanup,
  port: number,
  header: 'send-proxy' | 'send-proxy-v2',
): Promise<Proxy> =>
  startProxy(t, 'haproxy', ['-db', '-f'], own => [
    'global',
    '  maxconn 100',
    'defaults',
    '  mode tcp',
    '  timeout connect 5s',
    '  timeout client 5s',
    '  timeout server 5s',
    'frontend clients',
    `  bind 127.0.0.1:${own}`,
    '  default_backend servers',
    'backend servers',
    `  server one 127.0.0.1:${port} ${header} check check-send-proxy inter 1s`,
  ])

const startProxy = async (
  t: Cleanup,
  program: string,
  args: readonly string[],
  config: (own: number) => readonly string[],
): Promise<Proxy> => {
  const [port = 0] = await freePorts(1)
  const file = join(temporaryFolder(t), `${program}.conf`)
  writeFileSync(file, `${config(port).join('\n')}\n`)
  return { port, process: new WatchedProcess(t, program, [...args, file]) }
}

/** Asks again until there is an answer: a proxy takes its time to start. */
export const firstAnswer = async (
  ask: () => Promise<Uint8Array | undefined>,
  proxy: Proxy,
): Promise<Uint8Array> => {
  for (let tries = 0; tries < WAIT_MS / TRY_MS; tries++) {
    const reply = await ask()
    if (reply !== undefined && (reply[3]! & 15) === 0) return reply
    await pause(TRY_MS)
  }
  throw new Error(`no answer by way of the proxy:\n${proxy.process.out}\n${proxy.process.err}`)
}
