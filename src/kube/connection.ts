// Requests to one API server: opens GETs with the credentials of the moment. Owns sockets, no
// time-outs, no retries but two: a kept connection that the server had closed, and a token that was
// rotated a moment ago.

import { createHash } from 'node:crypto'
import type { Agent, ClientRequest, IncomingMessage, RequestOptions } from 'node:http'
import { messageOf } from '../chain/errors.ts'
import { Agents, type Trust } from './agents.ts'
import type { Credentials } from './config/credentials.ts'
import type { Shown } from './config/exec-plugin.ts'
import type { TextSource } from './config/text-source.ts'
import { codeOf, type DialPlace, dialFailure } from './dial-failure.ts'
import { abortError, KubeError, statusError } from './kube-error.ts'
import { isProtobuf } from './protobuf/envelope.ts'
import { readStatus } from './protobuf/status.ts'

/** More of an error's body is not read. */
const ERROR_BODY_LIMIT_BYTES = 64 * 1024
const JSON_TYPE = 'application/json'

export interface KubeResponse {
  readonly status: number
  /** '' if the server does not say. */
  readonly contentType: string
  /** Once. Fails with a KubeError; leaving the loop early ends the connection. */
  readonly body: AsyncIterable<Uint8Array>
}

export interface GetOptions {
  readonly signal: AbortSignal
  readonly query: Readonly<Record<string, string>>
  /** Media types that are understood, by errors too; JSON if not given. */
  readonly accept?: string
  /**
   * Called when credentials are at hand and the request goes out: from there on the server is to
   * blame for delays.
   */
  readonly onSend?: () => void
}

export interface KubeConnection {
  /** Base of the API server; may have a path. */
  readonly url: URL
  /** host:port, for metrics and messages. */
  readonly host: string
  /** The same text for the same server and the same source of credentials. Holds no secrets. */
  readonly identity: string
  /**
   * Opens a GET; resolves when the head of a 200 is there. Rejects with KubeError; with the
   * signal's reason if that is one.
   */
  get(path: string, options: GetOptions): Promise<KubeResponse>
  /**
   * Another text as soon as what requests show and trust has been replaced. Reads files; tells
   * nothing of what is in them. Never rejects.
   */
  fingerprint(): Promise<string>
  /** Ends all requests. */
  close(): void
}

export interface ConnectionSettings {
  readonly url: URL
  readonly identity: string
  readonly userAgent: string
  /** PEM; undefined for the system's authorities. */
  readonly authority: TextSource | undefined
  readonly trust: Trust
  readonly credentials: Credentials
  /** Sent with each request: impersonation. */
  readonly headers: Readonly<Record<string, string | readonly string[]>>
}

export class HttpConnection implements KubeConnection {
  readonly url: URL
  readonly host: string
  readonly identity: string
  readonly #settings: ConnectionSettings
  readonly #place: DialPlace
  readonly #agents: Agents
  readonly #closed = new AbortController()
  readonly #open = new Set<ClientRequest>()

  constructor(settings: ConnectionSettings) {
    const { url, authority, credentials } = settings
    this.url = url
    this.host = `${url.hostname}:${url.port || (url.protocol === 'https:' ? '443' : '80')}`
    this.identity = settings.identity
    this.#settings = settings
    this.#place = {
      url,
      authorityName:
        authority === undefined ? 'a CA that this system knows' : `the CA in ${authority.name}`,
      credentialsName: credentials.name,
    }
    this.#agents = new Agents(this.#place, settings.trust)
  }

  /** Reads all files and tries the certificates. Rejects with a KubeError. Contacts no server. */
  async check(): Promise<void> {
    const { authority, credentials } = this.#settings
    this.#agents.agentFor(await authority?.read(), await credentials.check())
  }

  async get(path: string, options: GetOptions): Promise<KubeResponse> {
    const { credentials } = this.#settings
    const shown = await this.#shown(options.signal)
    const first = await this.#send(path, options, shown)
    if (first.statusCode === 200) return this.#accept(first, options.signal)
    const refusal = await this.#refusal(first, options.signal)
    if (refusal.status !== 401) throw refusal
    credentials.expire(shown)
    const renewed = await this.#shown(options.signal)
    if (renewed.authorization === shown.authorization && renewed.certificate === shown.certificate)
      throw refusal
    const second = await this.#send(path, options, renewed)
    if (second.statusCode !== 200) throw await this.#refusal(second, options.signal)
    return this.#accept(second, options.signal)
  }

  async fingerprint(): Promise<string> {
    const { authority, credentials } = this.#settings
    const texts = await Promise.allSettled([authority?.read(), credentials.check()])
    const seen = texts.map(text =>
      text.status === 'fulfilled' ? text.value : messageOf(text.reason),
    )
    return createHash('sha256').update(JSON.stringify(seen)).digest('base64')
  }

  close(): void {
    this.#closed.abort()
    this.#settings.credentials.close()
    for (const request of this.#open) request.destroy()
    this.#agents.close()
  }

  /** A program may take its time: who gives up meanwhile does not wait for it. */
  #shown(signal: AbortSignal): Promise<Shown> {
    return new Promise((resolve, reject) => {
      const onAbort = (): void => reject(abortError(signal))
      if (signal.aborted) return onAbort()
      signal.addEventListener('abort', onAbort)
      this.#settings.credentials
        .current()
        .then(resolve, reject)
        .finally(() => signal.removeEventListener('abort', onAbort))
    })
  }

  async #send(path: string, options: GetOptions, shown: Shown): Promise<IncomingMessage> {
    const agent = this.#agents.agentFor(await this.#settings.authority?.read(), shown)
    const target = this.#target(path, options, shown, agent)
    options.onSend?.()
    try {
      return await this.#sendOnce(target, options.signal)
    } catch (error) {
      if (!(error instanceof StaleConnection)) throw error
      return await this.#sendOnce(target, options.signal)
    }
  }

  #target(
    path: string,
    { query, accept = JSON_TYPE }: GetOptions,
    { authorization }: Shown,
    agent: Agent,
  ): RequestOptions {
    const { url, userAgent, headers } = this.#settings
    const search = new URLSearchParams(query).toString()
    return {
      protocol: url.protocol,
      // Without the brackets that a URL puts around IPv6 addresses.
      hostname: url.hostname.replace(/^\[(.*)\]$/, '$1'),
      port: url.port,
      path: `${url.pathname.replace(/\/+$/, '')}${path}${search === '' ? '' : `?${search}`}`,
      headers: {
        Accept: accept,
        'User-Agent': userAgent,
        ...(authorization === undefined ? {} : { Authorization: authorization }),
        ...Object.fromEntries(
          Object.entries(headers).map(([name, value]) => [
            name,
            typeof value === 'string' ? value : [...value],
          ]),
        ),
      },
      agent,
    }
  }

  #sendOnce(target: RequestOptions, signal: AbortSignal): Promise<IncomingMessage> {
    return new Promise((resolve, reject) => {
      if (this.#closed.signal.aborted)
        return reject(new KubeError('aborted', 'the connection is closed'))
      if (signal.aborted) return reject(abortError(signal))
      const { request: open } = process.getBuiltinModule(
        target.protocol === 'https:' ? 'node:https' : 'node:http',
      )
      const request = open(target)
      const onAbort = (): void => void request.destroy()
      signal.addEventListener('abort', onAbort)
      this.#open.add(request)
      request.on('close', () => {
        signal.removeEventListener('abort', onAbort)
        this.#open.delete(request)
        reject(
          this.#failure(
            new KubeError('network', `${this.#place.url.origin} gives no answer`),
            signal,
          ),
        )
      })
      request.on('response', resolve)
      request.on('error', error => {
        const isStale = request.reusedSocket && STALE.has(codeOf(error)) && !signal.aborted
        reject(isStale ? new StaleConnection() : this.#failure(error, signal))
      })
      request.end()
    })
  }

  #accept(response: IncomingMessage, signal: AbortSignal): KubeResponse {
    return {
      status: 200,
      contentType: response.headers['content-type'] ?? '',
      body: this.#body(response, signal),
    }
  }

  async *#body(response: IncomingMessage, signal: AbortSignal): AsyncGenerator<Uint8Array> {
    try {
      yield* response as AsyncIterable<Uint8Array>
    } catch (error) {
      throw this.#failure(error, signal)
    }
  }

  /** The Status object that comes with an error; undefined if it is something else, or too long. */
  async #errorBody(response: IncomingMessage, signal: AbortSignal): Promise<unknown> {
    const parts: Uint8Array[] = []
    let size = 0
    for await (const chunk of this.#body(response, signal)) {
      parts.push(chunk)
      size += chunk.length
      if (size > ERROR_BODY_LIMIT_BYTES) return undefined
    }
    const bytes = Buffer.concat(parts)
    const contentType = response.headers['content-type'] ?? ''
    try {
      return isProtobuf(contentType)
        ? readStatus(bytes, 0, bytes.length)
        : JSON.parse(bytes.toString('utf8'))
    } catch {
      // Proxies and load balancers answer in HTML, Go's server in plain words: `Client sent an HTTP
      // request to an HTTPS server.`
      return contentType.startsWith('text/plain')
        ? { message: bytes.toString('utf8').trim() }
        : undefined
    }
  }

  async #refusal(response: IncomingMessage, signal: AbortSignal): Promise<KubeError> {
    const { url, credentialsName } = this.#place
    const status = response.statusCode ?? 0
    const seconds = Number(response.headers['retry-after'] ?? Number.NaN)
    const error = statusError(
      await this.#errorBody(response, signal),
      url.origin,
      status,
      seconds > 0 ? seconds * 1000 : undefined,
    )
    if (status !== 401) return error
    const text = this.#settings.credentials.areNone
      ? `${url.origin} wants credentials (401): give a kubeconfig, or a client certificate with tls`
      : `${credentialsName} is not accepted (401): expired or of another cluster`
    return new KubeError('status', text, { status, said: error.said })
  }

  #failure(error: unknown, signal: AbortSignal): KubeError {
    if (signal.aborted) return abortError(signal)
    if (this.#closed.signal.aborted) return new KubeError('aborted', 'the connection is closed')
    return dialFailure(error, this.#place)
  }
}

/** The server had closed a kept connection before it saw our request: nothing is wrong. */
class StaleConnection extends Error {}
const STALE = new Set(['ECONNRESET', 'EPIPE'])
