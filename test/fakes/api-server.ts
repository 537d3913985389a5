// A scripted API server on loopback, time that stands still until told, and a sink that remembers:
// for the tests of this folder.

import { once } from 'node:events'
import {
  createServer,
  type IncomingMessage,
  type RequestListener,
  type Server,
  type ServerResponse,
} from 'node:http'
import { createServer as createTlsServer, type ServerOptions } from 'node:https'
import type { AddressInfo } from 'node:net'
import type { TestContext } from 'node:test'
import type { Timers } from '../../src/base/time/timers.ts'
import { Credentials } from '../../src/kube/config/credentials.ts'
import { HttpConnection } from '../../src/kube/connection.ts'
import type { KubeObject } from '../../src/kube/kube-object.ts'
import { Limiter } from '../../src/kube/limiter.ts'
import { Reflector, type ReflectorParts } from '../../src/kube/reflector.ts'
import type { Sink } from '../../src/kube/sink.ts'
import type { Logger } from '../../src/log/logger.ts'

export interface Asked {
  readonly url: URL
  readonly isWatch: boolean
  readonly headers: IncomingMessage['headers']
  readonly response: ServerResponse
  /** Answers with JSON. */
  json(status: number, value: unknown, headers?: Record<string, string>): void
  /** Opens a watch; each text given here and later to `send` is a line. */
  watch(...events: unknown[]): void
  send(...events: unknown[]): void
  end(): void
  reset(): void
}

export interface ScriptedApi {
  readonly url: URL
  readonly server: Server
  /** Requests that came, in order. */
  readonly asked: Asked[]
  /** The next request that nobody has taken yet. */
  next(): Promise<Asked>
}

/** Answers nothing by itself: the test takes each request with `next`. */
export async function scriptedApi(t: TestContext, tls?: ServerOptions): Promise<ScriptedApi> {
  const asked: Asked[] = []
  const waiting: Asked[] = []
  let wake: (() => void) | undefined
  const listener: RequestListener = (request, response) => {
    response.on('error', () => undefined)
    const one = askedOf(request, response)
    asked.push(one)
    waiting.push(one)
    wake?.()
  }
  const server = tls === undefined ? createServer(listener) : createTlsServer(tls, listener)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(async () => {
    server.close()
    server.closeAllConnections()
    if (server.listening) await once(server, 'close')
  })
  const { port } = server.address() as AddressInfo
  const next = async (): Promise<Asked> => {
    while (waiting.length === 0)
      await new Promise<void>(resolve => {
        wake = resolve
      })
    return waiting.shift()!
  }
  return {
    url: new URL(`${tls === undefined ? 'http' : 'https'}://127.0.0.1:${port}`),
    server,
    asked,
    next,
  }
}

function askedOf(request: IncomingMessage, response: ServerResponse): Asked {
  const url = new URL(request.url ?? '', 'http://api')
  const send = (...events: unknown[]): void => {
    for (const event of events)
      response.write(typeof event === 'string' ? event : `${JSON.stringify(event)}\n`)
  }
  return {
    url,
    isWatch: url.searchParams.get('watch') === '1',
    headers: request.headers,
    response,
    json: (status, value, headers = {}) => {
      response.writeHead(status, { 'Content-Type': 'application/json', ...headers })
      response.end(JSON.stringify(value))
    },
    watch: (...events) => {
      response.writeHead(200, { 'Content-Type': 'application/json' })
      response.flushHeaders()
      send(...events)
    },
    send,
    end: () => void response.end(),
    reset: () =>
      void ('encrypted' in request.socket
        ? request.socket.destroy()
        : request.socket.resetAndDestroy()),
  }
}

export class ManualTimers implements Timers {
  #nowMs = 1000
  readonly #tasks = new Set<{ readonly atMs: number; readonly task: () => void }>()
  #waiters: { readonly delayMs: number; readonly resolve: () => void }[] = []

  nowMs(): number {
    return this.#nowMs
  }

  after(delayMs: number, task: () => void): () => void {
    const entry = { atMs: this.#nowMs + delayMs, task }
    this.#tasks.add(entry)
    const due = this.#waiters.filter(waiter => waiter.delayMs === delayMs)
    this.#waiters = this.#waiters.filter(waiter => waiter.delayMs !== delayMs)
    for (const { resolve } of due) resolve()
    return () => void this.#tasks.delete(entry)
  }

  /** Delays from now, shortest first. */
  get pending(): number[] {
    return [...this.#tasks].map(({ atMs }) => atMs - this.#nowMs).sort((a, b) => a - b)
  }

  /** Resolves when a timer is pending that is `delayMs` from now. */
  async armed(delayMs: number): Promise<void> {
    if (this.pending.includes(delayMs)) return
    await new Promise<void>(resolve => this.#waiters.push({ delayMs, resolve }))
  }

  advance(durationMs: number): void {
    const endMs = this.#nowMs + durationMs
    for (;;) {
      const [first] = [...this.#tasks]
        .filter(({ atMs }) => atMs <= endMs)
        .sort((a, b) => a.atMs - b.atMs)
      if (first === undefined) break
      this.#tasks.delete(first)
      this.#nowMs = first.atMs
      first.task()
    }
    this.#nowMs = endMs
  }
}

/** Keeps a set of names as the contract of Sink says, and the calls. */
export class SetSink implements Sink {
  readonly calls: string[] = []
  names = new Set<string>()
  #kept: Set<string> | undefined
  #watchers: (() => void)[] = []

  listBegins(): void {
    this.calls.push('begin')
    this.#kept = new Set()
  }

  put({ metadata }: KubeObject): void {
    this.calls.push(`+${metadata.name}`)
    this.names.add(metadata.name)
    this.#kept?.add(metadata.name)
  }

  remove({ metadata }: KubeObject): void {
    this.calls.push(`-${metadata.name}`)
    this.names.delete(metadata.name)
  }

  listEnds(): void {
    this.calls.push('end')
    this.names = this.#kept ?? this.names
    this.#kept = undefined
  }

  flush(): void {
    const watchers = this.#watchers
    this.#watchers = []
    for (const watcher of watchers) watcher()
  }

  /** Resolves at the flush after which `isTrue`. */
  async until(isTrue: () => boolean): Promise<void> {
    while (!isTrue()) await new Promise<void>(resolve => this.#watchers.push(resolve))
  }
}

export interface LogBook extends Logger {
  readonly lines: string[]
  /** Resolves with the first line that matches. */
  line(pattern: RegExp): Promise<string>
}

function logBook(): LogBook {
  const lines: string[] = []
  let wakers: (() => void)[] = []
  const write = (level: string) => (text: string) => {
    lines.push(`${level} ${text}`)
    const due = wakers
    wakers = []
    for (const wake of due) wake()
  }
  const line = async (pattern: RegExp): Promise<string> => {
    for (;;) {
      const found = lines.find(one => pattern.test(one))
      if (found !== undefined) return found
      await new Promise<void>(resolve => wakers.push(resolve))
    }
  }
  return {
    lines,
    line,
    debug: write('debug'),
    info: write('info'),
    warning: write('warning'),
    error: write('error'),
  }
}

export const object = (
  name: string,
  version: number | string = 1,
): { metadata: Record<string, string> } => ({
  metadata: { name, namespace: 'testns', resourceVersion: String(version) },
})

export const listOf = (
  version: number,
  names: readonly string[],
  continueToken?: string,
): unknown => ({
  kind: 'ServiceList',
  apiVersion: 'v1',
  metadata: {
    resourceVersion: String(version),
    ...(continueToken === undefined ? {} : { continue: continueToken }),
  },
  items: names.map(name => object(name)),
})

export const event = (type: string, name: string, version: number): unknown => ({
  type,
  object: object(name, version),
})

export const status = (code: number, message: string, reason = ''): unknown => ({
  kind: 'Status',
  apiVersion: 'v1',
  metadata: {},
  status: 'Failure',
  message,
  reason,
  code,
})

const connectionOf = (url: URL, credentials: Credentials): HttpConnection =>
  new HttpConnection({
    url,
    identity: 'test',
    userAgent: 'shardns/test',
    authority: undefined,
    trust: { isVerified: true, serverName: undefined },
    credentials,
    headers: {},
  })

export interface Rig {
  readonly api: ScriptedApi
  readonly timers: ManualTimers
  readonly sink: SetSink
  readonly log: LogBook
  readonly observed: string[]
  readonly reflector: Reflector
}

/**
 * A reflector of services on a scripted server, not started; it is stopped after the test. Jitter
 * is 0, and lists come in pages.
 */
export async function rig(
  t: TestContext,
  overrides: Partial<ReflectorParts> = {},
  credentials: Credentials = new Credentials({}),
): Promise<Rig> {
  const api = await scriptedApi(t)
  const timers = new ManualTimers()
  const sink = new SetSink()
  const log = logBook()
  const observed: string[] = []
  const connection = connectionOf(api.url, credentials)
  const reflector = new Reflector({
    connection,
    resource: { name: 'services', path: '/api/v1/services' },
    sink,
    log,
    timers,
    random: () => 0,
    observe: (verb, code) => void observed.push(`${verb} ${code}`),
    limiter: new Limiter({ qps: 1000, burst: 1000, maxInflight: 0, timers }),
    mayStream: false,
    ...overrides,
  })
  t.after(async () => {
    await reflector.stop()
    connection.close()
  })
  return { api, timers, sink, log, observed, reflector }
}
