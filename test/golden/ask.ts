// Sends a line of a golden case to the server, from and to the addresses that it names.

import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { connect } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { EDNS_DO, makeOption } from '../../src/wire/edns.ts'
import { FrameReader, frame } from '../../src/wire/frames.ts'
import { FLAG_AD, FLAG_CD, FLAG_RD } from '../../src/wire/header.ts'
import { nameFromText } from '../../src/wire/name.ts'
import { classFromText, typeFromText } from '../../src/wire/rrtypes.ts'
import { MessageWriter } from '../../src/wire/writer.ts'
import { recordFromText } from '../support/zone-text.ts'
import { askHttp, type Carried } from './ask-http.ts'
import type { QueryLine, Recorded } from './scenario.ts'

export const OPCODES: Readonly<Record<string, number>> = {
  QUERY: 0,
  IQUERY: 1,
  STATUS: 2,
  NOTIFY: 4,
  UPDATE: 5,
}
const EDNS_OPTIONS = ['edns', 'do', 'version', 'opt']
/** Types that CoreDNS has no name for. */
const OTHER_TYPES: Readonly<Record<string, number>> = { NSAP: 22 }
const DEFAULT_SIZE = 1232
const DEFAULT_WAIT_SECONDS = 6
const TRANSFERS = ['AXFR', 'IXFR']

/** What this runner knows to do; those with `~` are for the comparison. */
const KNOWN = new Set([
  ...[
    '-rd',
    'cd',
    'ad',
    ...EDNS_OPTIONS,
    'opcode',
    'id',
    'serial',
    ...['tcp', 'tls', 'https', 'http', 'grpc', 'path', 'body', 'ctype', 'nodns', 'prefix'],
    'port',
    'to',
    'from',
    'timeout',
    'upstream',
  ],
  ...['~order', '~ttl', '~rrsig', '~serial', '~data'],
])

export const unknownOption = (line: QueryLine): string | undefined =>
  line.options.keys().find(name => !KNOWN.has(name))

export const idOf = ({ number, options }: QueryLine): number => Number(options.get('id') ?? number)

const messageOf = (line: QueryLine): Uint8Array => {
  const { name, type, class: cls, options } = line
  const wire = nameFromText(name)
  const typeNumber = typeFromText(type) ?? OTHER_TYPES[type]
  const opcode = OPCODES[options.get('opcode') ?? 'QUERY']
  if (wire === undefined || typeNumber === undefined || opcode === undefined)
    throw new Error(`not a question: ${name} ${type}`)
  const writer = new MessageWriter()
  const flags =
    (options.has('-rd') ? 0 : FLAG_RD) |
    (options.has('cd') ? FLAG_CD : 0) |
    (options.has('ad') ? FLAG_AD : 0)
  writer.header(idOf(line), (opcode << 11) | flags)
  writer.question(wire, typeNumber, classFromText(cls) ?? 1)
  const serial = options.get('serial')
  if (serial !== undefined) {
    const soa = recordFromText(`. 0 IN SOA . . ${serial} 0 0 0 0`)
    writer.record(1, wire, soa.type, 1, 0, soa.rdata)
  }
  if (EDNS_OPTIONS.some(option => options.has(option))) {
    writer.opt({
      udpSize: Number(options.get('edns') || DEFAULT_SIZE),
      extendedRcode: 0,
      version: Number(options.get('version') ?? 0),
      flags: options.has('do') ? EDNS_DO : 0,
      options: ednsOptions(options.get('opt') ?? ''),
    })
  }
  return writer.finish()
}

const ednsOptions = (text: string): Uint8Array => {
  const options = text.split(',').filter(option => option !== '')
  const parts = options.map(option => {
    const [code, data = ''] = option.split(':')
    return makeOption(Number(code), Uint8Array.fromHex(data))
  })
  return new Uint8Array(Buffer.concat(parts))
}

/** A question on its way. */
export interface Asked {
  /** What has come, in order; of a transfer several messages. */
  readonly messages: readonly Uint8Array[]
  /** What came around the message, over HTTP. */
  readonly carried: Carried | undefined
  /**
   * Waits until all has come that is expected, or the server has hung up, or it has been long
   * enough; closes then.
   */
  end(): Promise<void>
  close(): void
}

/**
 * Resolves when the question is sent. `port` is the server's, or the upstream's if the line asks
 * that.
 */
export const ask = async (line: QueryLine, port: number, expected: Recorded): Promise<Asked> => {
  const { options, type } = line
  const isStream = options.has('tcp') || options.has('tls')
  const count = TRANSFERS.includes(type) && isStream ? (expected.answer?.length ?? 0) : 0
  let carried: Carried | undefined
  const messages: Uint8Array[] = []
  const { promise: done, resolve } = Promise.withResolvers<void>()
  const take = (message: Uint8Array): void => {
    messages.push(message)
    if (recordCount(messages) >= count || (message[3]! & 15) !== 0) resolve()
  }
  const carry = (around: Carried): void => {
    carried = around
    resolve()
  }
  const way = { line, port, take, carry, hungUp: resolve, message: messageOf(line) }
  const close = await sendBy(way)
  const end = async (): Promise<void> => {
    const timer = setTimeout(resolve, waitMs(line))
    await done
    clearTimeout(timer)
    close()
  }
  return {
    messages,
    get carried() {
      return carried
    },
    end,
    close,
  }
}

/** How long the recording waited for a reply to this line. */
export const waitMs = ({ options }: QueryLine): number =>
  1000 * Number(options.get('timeout') ?? DEFAULT_WAIT_SECONDS)

const recordCount = (messages: readonly Uint8Array[]): number =>
  messages.reduce((sum, message) => sum + (message[6]! << 8) + message[7]!, 0)

interface OneWay {
  readonly line: QueryLine
  readonly port: number
  readonly message: Uint8Array
  take(message: Uint8Array): void
  carry(around: Carried): void
  hungUp(): void
}

/** Resolves to what closes it. */
const sendBy = async (way: OneWay): Promise<() => void> => {
  const { options } = way.line
  if (['https', 'http', 'grpc'].some(name => options.has(name))) return overHttp(way)
  return options.has('tcp') || options.has('tls') ? overTcp(way) : overUdp(way)
}

const prefixOf = ({ options }: QueryLine): Uint8Array =>
  Uint8Array.fromHex(options.get('prefix') ?? '')

const overUdp = async ({ line, port, message, take }: OneWay): Promise<() => void> => {
  const to = line.options.get('to') ?? '127.0.0.1'
  const socket = createSocket(to.includes(':') ? 'udp6' : 'udp4')
  socket.on('message', bytes => take(Uint8Array.from(bytes)))
  // The port is closed: the same as silence.
  socket.on('error', () => undefined)
  socket.bind(0, line.options.get('from'))
  await once(socket, 'listening')
  socket.send(Buffer.concat([prefixOf(line), message]), port, to)
  return () => void socket.close()
}

const overTcp = async ({ line, port, message, take, hungUp }: OneWay): Promise<() => void> => {
  const localAddress = line.options.get('from')
  const at = {
    port,
    host: line.options.get('to') ?? '127.0.0.1',
    ...(localAddress && { localAddress }),
  }
  const socket = line.options.has('tls')
    ? connectTls({ ...at, rejectUnauthorized: false })
    : connect(at)
  const reader = new FrameReader()
  socket.on('error', hungUp)
  socket.on('close', hungUp)
  socket.on('data', chunk => {
    for (const reply of reader.all(Uint8Array.from(chunk as Buffer))) take(reply)
  })
  socket.write(Buffer.concat([prefixOf(line), frame(message)]))
  return () => void socket.destroy()
}

const overHttp = async ({
  line,
  port,
  message,
  take,
  carry,
  hungUp,
}: OneWay): Promise<() => void> => {
  const { options } = line
  const at = { host: options.get('to') ?? '127.0.0.1', port, localAddress: options.get('from') }
  const end = new AbortController()
  void askHttp(line, message, at, end.signal).then(answer => {
    if (answer === undefined) hungUp()
    else {
      if (answer.message !== undefined) take(answer.message)
      carry(answer.carried)
    }
  })
  return () => end.abort()
}
