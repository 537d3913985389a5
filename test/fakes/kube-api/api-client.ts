// A client for the tests of the test server: one request at a time, and a watch that is read event
// by event. It trusts what it is told to.

import { request as httpRequest, type IncomingMessage } from 'node:http'
import { request as httpsRequest } from 'node:https'
import { createInterface } from 'node:readline'
import { PassThrough } from 'node:stream'
import type { KubeApi } from './api-server.ts'

export interface ClientOptions {
  /** Default: the server's. Empty: none. */
  readonly token?: string
  readonly ca?: string
  readonly cert?: string
  readonly key?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly method?: string
}

interface ApiObject {
  readonly kind?: string
  readonly apiVersion?: string
  readonly metadata?: Readonly<Record<string, unknown>> & {
    readonly name?: string
    readonly resourceVersion?: string
    readonly continue?: string
  }
  readonly [field: string]: unknown
}

export interface ApiBody extends ApiObject {
  readonly items?: readonly ApiObject[]
  readonly message?: string
  readonly reason?: string
  readonly code?: number
}

export interface ApiAnswer {
  readonly code: number
  readonly headers: IncomingMessage['headers']
  readonly text: string
}

export interface ApiEvent {
  readonly type: string
  /** Null or anything else only where a test injected it. */
  readonly object: ApiBody
}

const open = (api: KubeApi, path: string, options: ClientOptions): Promise<IncomingMessage> => {
  const { token = api.token, ca = api.authority, cert, key, headers, method = 'GET' } = options
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>()
  const authorization = token === '' ? {} : { authorization: `Bearer ${token}` }
  const settings = { method, agent: false as const, headers: { ...authorization, ...headers } }
  const trust = {
    ca,
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
  }
  const url = `${api.url}${path}`
  const request = url.startsWith('https:')
    ? httpsRequest(url, { ...settings, ...trust }, resolve)
    : httpRequest(url, settings, resolve)
  request.on('error', reject).end()
  return promise
}

/** Rejects when the connection breaks. */
export const ask = async (
  api: KubeApi,
  path: string,
  options: ClientOptions = {},
): Promise<ApiAnswer> => {
  const response = await open(api, path, options)
  const chunks: Buffer[] = []
  for await (const chunk of response) chunks.push(chunk as Buffer)
  return {
    code: response.statusCode ?? 0,
    headers: response.headers,
    text: Buffer.concat(chunks).toString('utf8'),
  }
}

export const askBody = async (
  api: KubeApi,
  path: string,
  options: ClientOptions = {},
): Promise<ApiBody> => JSON.parse((await ask(api, path, options)).text) as ApiBody

/** `NAME NAME`: of a list's items. */
export const names = ({ items = [] }: ApiBody): string =>
  items.map(item => item.metadata?.name).join(' ')

export class TestWatch {
  readonly code: number
  readonly #response: IncomingMessage
  readonly #lines: AsyncIterator<string>
  /** What broke the connection. */
  failure: Error | undefined

  private constructor(response: IncomingMessage) {
    this.code = response.statusCode ?? 0
    this.#response = response
    // The interface would rethrow the connection's errors out of reach; lines end, and the error
    // stays in `failure`.
    const text = new PassThrough()
    response.on('error', error => {
      this.failure = error
      text.end()
    })
    response.pipe(text)
    this.#lines = createInterface({ input: text })[Symbol.asyncIterator]()
  }

  /** Closed when the test ends. */
  static async open(
    t: { after(run: () => unknown): void },
    api: KubeApi,
    path: string,
    options: ClientOptions = {},
  ) {
    const watch = new TestWatch(await open(api, path, options))
    t.after(() => watch.close())
    return watch
  }

  /** The next line as it is; undefined at the end. */
  async line(): Promise<string | undefined> {
    const { done, value } = await this.#lines.next()
    return done ? undefined : value
  }

  async next(): Promise<ApiEvent> {
    const line = await this.line()
    if (line === undefined) throw new Error('the watch is over', { cause: this.failure })
    return JSON.parse(line) as ApiEvent
  }

  /** `TYPE NAME` of the next events. */
  async take(count: number): Promise<string[]> {
    const events: string[] = []
    for (let n = 0; n < count; n++) {
      const { type, object } = await this.next()
      events.push(`${type} ${object?.metadata?.name ?? ''}`.trim())
    }
    return events
  }

  close(): void {
    this.#response.destroy()
  }
}
