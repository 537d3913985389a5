// One HTTP request: who asks, whether a fault is due, whether it is allowed, and then the list, the
// watch or the object.

import { randomUUID } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { gzipSync } from 'node:zlib'
import { type Auth, PUBLIC_PATHS } from './auth.ts'
import { discoveryOf, readyText } from './discovery.ts'
import { type Encoding, encodingFor, JSON_ENCODING, JSON_TYPE } from './encoding.ts'
import { type Faults, failure } from './faults.ts'
import { listOf } from './list.ts'
import { clientOf, type Listener } from './listener.ts'
import { monotonicMs, type RequestLog } from './request-log.ts'
import { isTrue, type ResourceRequest, readRequestPath } from './request-path.ts'
import {
  forbidden,
  forbiddenPath,
  methodNotAllowed,
  noSuchResource,
  notAcceptable,
  notFound,
  StatusError,
} from './status-error.ts'
import { keyOf, type Store } from './store.ts'
import type { WatchStream } from './watch.ts'
import type { WatchHub } from './watch-hub.ts'

/** Shorter answers are not compressed, as in the real server. */
const GZIP_BYTES = 128 * 1024

export interface HandlerParts {
  readonly store: Store
  readonly auth: Auth
  readonly faults: Faults
  readonly log: RequestLog
  readonly watches: WatchHub
  readonly listener: () => Listener
  /** Groups that are not installed. */
  readonly absentGroups: readonly string[]
  /** Whether protobuf is understood, beside JSON. */
  readonly speaksProtobuf: boolean
}

interface Exchange {
  readonly request: IncomingMessage
  readonly response: ServerResponse
  readonly path: string
  readonly query: URLSearchParams
  readonly asked: ResourceRequest | undefined
  /** Undefined: the client wants what there is not. */
  readonly encoding: Encoding | undefined
  user: string
}

export class HttpHandler {
  readonly #parts: HandlerParts

  constructor(parts: HandlerParts) {
    this.#parts = parts
  }

  handle(request: IncomingMessage, response: ServerResponse): void {
    // The path is read as it came: an URL object would tidy it up.
    const [path = '', search = ''] = (request.url ?? '').split('?', 2)
    const query = new URLSearchParams(search)
    const asked = readRequestPath(request.method ?? '', path, query)
    const encoding = encodingFor(
      request.headers.accept,
      asked?.resource,
      this.#parts.speaksProtobuf,
    )
    const exchange: Exchange = { request, response, path, query, asked, encoding, user: '' }
    request.resume()
    if (this.#parts.faults.hang === 'answer') {
      this.#log(exchange, 0)
      return
    }
    response.setHeader('Audit-Id', randomUUID())
    response.setHeader('Cache-Control', 'no-cache, private')
    try {
      exchange.user = this.#parts.auth.identify(request)
      const { verb, resource } = logNames(exchange)
      const fault = this.#parts.faults.take(verb, resource)
      if (fault !== undefined) throw failure(fault)
      if (asked === undefined) this.#answerPath(exchange)
      else this.#answerResource(exchange, asked)
    } catch (error) {
      if (!(error instanceof StatusError)) throw error
      for (const [name, value] of Object.entries(error.headers)) response.setHeader(name, value)
      const { contentType, status } = encoding ?? JSON_ENCODING
      this.#send(exchange, error.code, status(error.status), contentType)
    }
  }

  #log(exchange: Exchange, code: number): void {
    const { request, user, asked } = exchange
    const namespace = asked?.namespace ?? ''
    this.#parts.log.add({
      ...logNames(exchange),
      namespace,
      url: request.url ?? '',
      user,
      code,
      atMs: monotonicMs(),
    })
  }

  #send(exchange: Exchange, code: number, text: string | Buffer, type = JSON_TYPE): void {
    const { request, response } = exchange
    this.#log(exchange, code)
    response.statusCode = code
    response.setHeader('Content-Type', type)
    const isGzipped =
      text.length > GZIP_BYTES && /\bgzip\b/.test(`${request.headers['accept-encoding'] ?? ''}`)
    if (isGzipped) response.setHeader('Content-Encoding', 'gzip')
    response.end(isGzipped ? gzipSync(text, { level: 1 }) : text)
  }

  #answerPath(exchange: Exchange): void {
    const { path, query, request, user } = exchange
    if (!this.#parts.auth.mayPath(user, path))
      throw forbiddenPath(user, (request.method ?? '').toLowerCase(), path)
    const { absentGroups } = this.#parts
    if (PUBLIC_PATHS.includes(path) && path !== '/version') {
      this.#send(exchange, 200, readyText(path, query.has('verbose')), 'text/plain; charset=utf-8')
      return
    }
    const found = discoveryOf(path, absentGroups)
    if (found !== undefined) {
      if (request.method !== 'GET') throw methodNotAllowed()
      this.#send(exchange, 200, `${JSON.stringify(found)}\n`)
      return
    }
    const parent = discoveryOf(
      path
        .split('/')
        .slice(0, path.startsWith('/apis/') ? 4 : 3)
        .join('/'),
      absentGroups,
    )
    if (parent !== undefined && 'resources' in parent) throw noSuchResource()
    this.#send(exchange, 404, '404 page not found\n', 'text/plain; charset=utf-8')
  }

  #answerResource(exchange: Exchange, asked: ResourceRequest): void {
    const { auth, absentGroups, store } = this.#parts
    const { request, user, query } = exchange
    const { verb, resource, namespace, name } = asked
    if (!auth.may(user, verb, resource.plural)) throw forbidden({ user, ...asked })
    if (absentGroups.includes(resource.group)) {
      this.#send(exchange, 404, '404 page not found\n', 'text/plain; charset=utf-8')
      return
    }
    if (request.method !== 'GET') throw methodNotAllowed()
    const { encoding } = exchange
    if (encoding === undefined) throw notAcceptable()
    if (verb === 'watch') this.#watch(exchange, asked, encoding)
    else if (verb === 'list') {
      const { metadata, items } = listOf(store, resource, namespace, query)
      this.#list(exchange, encoding.list(resource, metadata, items), encoding.contentType)
    } else {
      const version = store.table(resource).get(keyOf(resource, namespace, name))
      if (version === undefined) throw notFound(resource, name)
      this.#send(exchange, 200, `${version.text}\n`)
    }
  }

  #list(exchange: Exchange, bytes: Buffer, type: string): void {
    const held = this.#parts.faults.heldList()
    if (held === undefined) {
      this.#send(exchange, 200, bytes, type)
      return
    }
    const { response } = exchange
    this.#log(exchange, 200)
    response.writeHead(200, { 'Content-Type': type })
    const middle = bytes.length >> 1
    response.write(bytes.subarray(0, middle))
    void held.sent().then(() => response.end(bytes.subarray(middle)))
  }

  #watch(
    exchange: Exchange,
    { resource, namespace, name }: ResourceRequest,
    encoding: Encoding,
  ): void {
    const { request, response, query } = exchange
    const { watches, listener } = this.#parts
    const client = clientOf(request.socket)
    const openStream = (): WatchStream => {
      response.writeHead(200, { 'Content-Type': encoding.watchContentType })
      response.flushHeaders()
      this.#log(exchange, 200)
      return {
        write: (bytes, written) => response.write(bytes, written),
        end: () => response.end(),
        get unreadBytes() {
          return response.writableLength
        },
        reset: () => listener().break(client, 'reset'),
        destroy: () => listener().break(client, 'end'),
      }
    }
    if (name !== '') query.set('fieldSelector', `metadata.name=${name}`)
    response.on(
      'close',
      watches.open({
        resource,
        namespace: resource.isNamespaced ? namespace : '',
        query,
        encoding,
        openStream,
      }),
    )
  }
}

/** A watch that begins with a list counts as one. */
const logNames = ({
  asked,
  path,
  query,
  request,
}: Exchange): { readonly verb: string; readonly resource: string } => {
  if (asked === undefined) return { verb: (request.method ?? '').toLowerCase(), resource: path }
  const isList = asked.verb === 'watch' && isTrue(query.get('sendInitialEvents'))
  return { verb: isList ? 'list' : asked.verb, resource: asked.resource.plural }
}
