// The HTTP listeners of the process (metrics, health, ready): fixed paths, small limits, sockets
// that survive a reload. Not for DNS over HTTPS: bodies are never read.

import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { type Clock, systemClock } from '../../base/time/clock.ts'
import { messageOf } from '../../chain/errors.ts'
import type { HttpAnswer, HttpRoute, HttpTls } from '../../chain/plugin/control-scope.ts'
import type { Logger } from '../../log/logger.ts'
import { PacedLines } from '../../log/paced-lines.ts'
import type { MetricRegistrar } from '../../metrics/registrar.ts'
import { openFilesLimit } from '../../upstream/socket-allowance.ts'
import {
  CLOSURES,
  type ConnectionEvents,
  type ConnectionLimits,
  HttpConnections,
} from './connections.ts'
import { listenOn, type Place } from './listen.ts'
import { TlsFront } from './tls-front.ts'

const TIMEOUT_MS = 5000
const HEADER_LIMIT_BYTES = 8 * 1024
const CHECK_INTERVAL_MS = 1000
/** Between two lines on clients that are refused for their certificates. */
const REFUSAL_PAUSE_MS = 60_000
/**
 * Number of connections and requests after which their garbage, some kilobytes each, is collected.
 */
const CHURN = 256
/**
 * Per listener. The kernel keeps the bytes that a client does not read: this limits that memory.
 */
const UNREAD_LIMIT_BYTES = 4 * 1024 * 1024

/** Per listener: fewer where the process may open few files. */
export const connectionLimits = (openFiles: number): ConnectionLimits => {
  const share = Math.max(16, Math.floor(openFiles / 16))
  return {
    connections: Math.min(share, 128),
    burst: Math.min(share, 512),
    unreadBytes: UNREAD_LIMIT_BYTES,
  }
}

interface Endpoint {
  readonly server: Server
  /** Where it listens, once it does. */
  place: Place
  readonly connections: HttpConnections
  /** Reads requests from a socket. */
  readonly read: (socket: Socket) => void
  /** Undefined: requests come in clear text. */
  front: TlsFront | undefined
  /** By path. Empty until the first commit: everything is then 503. */
  routes: ReadonlyMap<string, HttpRoute>
  isCommitted: boolean
}

/** Where a listener is. */
export interface HttpPlace extends Place {
  /** As the Corefile gives it. */
  readonly address: string
}

/** New routes whose listeners are open, not yet in force. Exactly one of the two must be called. */
export interface Prepared {
  /** What was opened: others may listen there too. */
  readonly opened: readonly HttpPlace[]
  /** Puts the routes in force and closes the listeners that none of them uses. */
  commit(): void
  /** Closes what was opened; the routes in force stay. */
  rollback(): void
}

export interface HttpSetup {
  /** Without prefix: CoreDNS's lines for these failures have none. */
  readonly log: Logger
  readonly metrics: MetricRegistrar
  /** Called regularly while many connections or requests come and go. */
  readonly collectChurn: () => void
  /** Whether somebody whose requests are not ours listens there. Nobody, if absent. */
  readonly isTaken?: (place: Place) => boolean
  readonly limits?: ConnectionLimits
  readonly clock?: Clock
}

export class HttpEndpoints {
  readonly #log: Logger
  readonly #clock: Clock
  /** By address as the Corefile gives it. */
  readonly #endpoints = new Map<string, Endpoint>()
  readonly #closing = new Set<Promise<void>>()
  readonly #isTaken: (place: Place) => boolean
  readonly #limits: ConnectionLimits
  readonly #events: ConnectionEvents

  constructor({
    log,
    metrics,
    collectChurn,
    isTaken = () => false,
    limits = connectionLimits(openFilesLimit()),
    clock = systemClock,
  }: HttpSetup) {
    this.#log = log
    this.#clock = clock
    this.#isTaken = isTaken
    this.#limits = limits
    const help =
      'HTTP connections that were closed to have room for others, by what there was too much of.'
    const closures = metrics.counter({
      name: 'shardns_http_connections_closed_total',
      help,
      labelNames: ['reason'],
    })
    for (const reason of CLOSURES) closures.add({ reason }, 0)
    let count = 0
    const churned = () => {
      if (++count % CHURN === 0) collectChurn()
    }
    this.#events = { closed: reason => closures.add({ reason }), churned }
  }

  /**
   * Opens the addresses that are not open yet. Several routes may share one address, if they agree
   * on TLS; of equal paths the last one counts. Throws if an address with a 'fatal' route cannot be
   * listened on, or TLS cannot be served, with everything as it was before.
   */
  async prepare(routes: readonly HttpRoute[]): Promise<Prepared> {
    const byAddress = Map.groupBy(routes, route => route.address)
    const opened = new Map<string, Endpoint>()
    const fronts = new Map<Endpoint, TlsFront>()
    const rollback = () => {
      for (const endpoint of opened.values()) this.#close(endpoint)
      opened.clear()
    }
    try {
      for (const [address, sharing] of byAddress) {
        const endpoint = this.#endpoints.get(address) ?? (await this.#openFor(address, sharing))
        if (endpoint === undefined) continue
        const isNew = !this.#endpoints.has(address)
        if (isNew) opened.set(address, endpoint)
        const tls = sharing[0]?.tls
        if (tls === undefined) continue
        const front = this.#frontOf(endpoint, address, tls)
        fronts.set(endpoint, front)
        if (isNew) endpoint.front = front
      }
    } catch (error) {
      rollback()
      throw error
    }
    const places = [...opened].map(([address, { place }]) => ({ ...place, address }))
    return { opened: places, commit: () => this.#commit(byAddress, opened, fronts), rollback }
  }

  /** Undefined if it cannot be listened on, and that is not fatal. */
  async #openFor(address: string, sharing: readonly HttpRoute[]): Promise<Endpoint | undefined> {
    try {
      return await this.#open(address)
    } catch (error) {
      if (sharing.some(route => route.onBindFailure === 'fatal')) throw error
      this.#report(sharing, messageOf(error))
      return undefined
    }
  }

  /**
   * The port that an address is open on, for addresses with port 0; undefined if it is not open.
   */
  boundPort(address: string): number | undefined {
    const bound = this.#endpoints.get(address)?.server.address() as AddressInfo | null | undefined
    return bound?.port
  }

  /** Ours may listen there, or at an address beside it. */
  #hasPort(port: number): boolean {
    return [...this.#endpoints.keys()].some(address => this.boundPort(address) === port)
  }

  /** Closes all listeners. Requests in progress have 5 s to end. */
  async close(): Promise<void> {
    for (const endpoint of this.#endpoints.values()) this.#close(endpoint)
    this.#endpoints.clear()
    await Promise.all(this.#closing)
  }

  #commit(
    byAddress: ReadonlyMap<string, readonly HttpRoute[]>,
    opened: ReadonlyMap<string, Endpoint>,
    fronts: ReadonlyMap<Endpoint, TlsFront>,
  ): void {
    for (const [address, endpoint] of opened) this.#endpoints.set(address, endpoint)
    for (const [address, endpoint] of this.#endpoints) {
      const sharing = byAddress.get(address)
      if (sharing === undefined) {
        this.#endpoints.delete(address)
        this.#close(endpoint)
      } else {
        const front = fronts.get(endpoint)
        const isOther = (front === undefined) !== (endpoint.front === undefined)
        endpoint.front = front
        if (isOther) endpoint.server.closeIdleConnections()
        endpoint.routes = new Map(sharing.map(route => [route.path, route]))
        endpoint.isCommitted = true
      }
    }
  }

  #report(sharing: readonly HttpRoute[], cause: string): void {
    const texts = sharing
      .filter(route => route.onBindFailure === 'log')
      .map(route => route.failureText ?? 'Failed to start HTTP listener')
    for (const text of new Set(texts)) this.#log.error(`${text}: ${cause}`)
  }

  async #open(address: string): Promise<Endpoint> {
    // No `import`: that reads all exports of node:http, and so loads WebSocket and fetch, which
    // take 15 MiB and 30 ms.
    const server = process.getBuiltinModule('node:http').createServer({
      maxHeaderSize: HEADER_LIMIT_BYTES,
      headersTimeout: TIMEOUT_MS,
      requestTimeout: TIMEOUT_MS,
      keepAliveTimeout: TIMEOUT_MS,
      connectionsCheckingInterval: CHECK_INTERVAL_MS,
    })
    const connections = new HttpConnections(this.#limits, this.#events)
    const endpoint: Endpoint = {
      server,
      place: { host: '', port: 0 },
      connections,
      read: takeReader(server),
      front: undefined,
      routes: new Map(),
      isCommitted: false,
    }
    server.on('connection', socket => {
      connections.add(socket)
      if (endpoint.front === undefined) endpoint.read(socket)
      else endpoint.front.accept(socket)
    })
    server.setTimeout(TIMEOUT_MS, socket => connections.expire(socket))
    server.on('request', (request, response) => void this.#serve(endpoint, request, response))
    const isTaken = (place: Place) => !this.#hasPort(place.port) && this.#isTaken(place)
    endpoint.place = await listenOn(server, address, isTaken)
    server.on('error', error => this.#log.error(`HTTP listener ${address}: ${messageOf(error)}`))
    return endpoint
  }

  #frontOf({ connections, read }: Endpoint, address: string, tls: HttpTls): TlsFront {
    const lines = new PacedLines(REFUSAL_PAUSE_MS)
    return new TlsFront(tls, TIMEOUT_MS, {
      secured: (raw, socket) => {
        if (connections.secured(raw, socket)) read(socket)
        else socket.destroy()
      },
      refused: client => {
        const more = lines.next('', this.#clock.ms())
        if (more === undefined) return
        const who = `client ${client} is refused: it has no accepted certificate`
        this.#log.warning(`HTTP listener ${address}: ${who}${more}`)
      },
      failed: error => this.#log.error(`HTTP listener ${address}: TLS: ${messageOf(error)}`),
    })
  }

  /** Stops listening at once; connections that still hold a request are cut after 5 s. */
  #close(endpoint: Endpoint): void {
    const { server, front } = endpoint
    const closed = new Promise<void>(resolve => {
      const cut = setTimeout(() => server.closeAllConnections(), TIMEOUT_MS).unref()
      server.close(() => {
        clearTimeout(cut)
        resolve()
      })
      server.closeIdleConnections()
      front?.end()
    })
    this.#closing.add(closed)
    void closed.then(() => this.#closing.delete(closed))
  }

  async #serve(
    endpoint: Endpoint,
    request: IncomingMessage,
    response: ServerResponse,
  ): Promise<void> {
    const { connections, routes, isCommitted, server, front } = endpoint
    const { socket, method = '' } = request
    this.#events.churned()
    if (!connections.asked(socket)) return
    response.once('close', () => connections.answered(socket))
    const path = pathOf(request)
    const clean = cleanPath(path)
    const route = routes.get(path)
    // A reload may have changed how the address is served.
    const isStale = 'encrypted' in socket !== (front !== undefined)
    if (isStale || !server.listening) response.setHeader('connection', 'close')
    const answer = (given: HttpAnswer): void => {
      const body = typeof given.body === 'string' ? Buffer.from(given.body) : given.body
      if (connections.answering(socket, body.length)) send(response, given, body, front?.headers)
    }
    try {
      if (clean !== path) answer(redirectTo(clean + queryOf(request), method))
      else if (route === undefined) answer(isCommitted ? NOT_FOUND : STARTING)
      else answer(await route.respond({ method, acceptEncoding: acceptEncodingOf(request) }))
    } catch (error) {
      this.#log.error(`HTTP request for ${route?.path ?? ''} failed: ${messageOf(error)}`)
      if (response.headersSent) response.destroy()
      else answer(FAILED)
    }
  }
}

/**
 * What Node's own server does with a new connection, to be done when we say so: TLS may come first.
 */
const takeReader = (server: Server): Endpoint['read'] => {
  const readers = server.listeners('connection')
  server.removeAllListeners('connection')
  return socket => {
    for (const reader of readers) reader.call(server, socket)
  }
}

const PLAIN_TEXT = 'text/plain; charset=utf-8'
const NOT_FOUND: HttpAnswer = { status: 404, contentType: PLAIN_TEXT, body: '404 page not found\n' }
const STARTING: HttpAnswer = { status: 503, contentType: PLAIN_TEXT, body: 'Starting\n' }
const FAILED: HttpAnswer = { status: 500, contentType: PLAIN_TEXT, body: 'Internal Server Error\n' }

/** The path without query string; of an absolute URL (a proxy's form) its path. */
const pathOf = (request: IncomingMessage): string => {
  const url = request.url ?? ''
  if (!url.startsWith('/')) return URL.parse(url)?.pathname ?? ''
  const query = url.indexOf('?')
  return query < 0 ? url : url.slice(0, query)
}

/** With `?` in front, '' for none. */
const queryOf = ({ url = '' }: IncomingMessage): string => {
  const query = url.indexOf('?')
  return query < 0 ? '' : url.slice(query)
}

/**
 * Without empty, `.` and `..` segments, as Go's ServeMux wants a path; a slash at the end stays.
 */
export const cleanPath = (path: string): string => {
  if (!/\/\/|\/\.{1,2}(\/|$)/.test(path)) return path
  const kept: string[] = []
  const segments = path.split('/')
  for (const segment of segments) {
    if (segment === '..') kept.pop()
    else if (segment !== '' && segment !== '.') kept.push(segment)
  }
  const isFolder = kept.length > 0 && ['', '.', '..'].includes(segments.at(-1) ?? '')
  return `/${kept.join('/')}${isFolder ? '/' : ''}`
}

/** As Go's http.Redirect: a body for GET only. */
const redirectTo = (location: string, method: string): HttpAnswer => ({
  status: 307,
  contentType: 'text/html; charset=utf-8',
  body: method === 'GET' ? `<a href="${escapeHtml(location)}">Temporary Redirect</a>.\n\n` : '',
  location,
})

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&#34;',
  "'": '&#39;',
}
const escapeHtml = (text: string): string =>
  text.replace(/[&<>"']/g, character => ENTITIES[character] ?? '')

const acceptEncodingOf = (request: IncomingMessage): string =>
  String(request.headers['accept-encoding'] ?? '')

/** Node leaves the body out for HEAD. */
const send = (
  response: ServerResponse,
  answer: HttpAnswer,
  body: Uint8Array,
  headers: Readonly<Record<string, string>> = {},
): void => {
  response.writeHead(answer.status, {
    'content-type': answer.contentType,
    'content-length': body.length,
    'x-content-type-options': 'nosniff',
    ...(answer.location === undefined ? {} : { location: answer.location }),
    ...(answer.contentEncoding === undefined ? {} : { 'content-encoding': answer.contentEncoding }),
    ...headers,
  })
  response.end(body)
}
