// One request over HTTP and what came back, whatever version of HTTP carries it.

import { ExchangeError } from './exchange-error.ts'

export interface HttpRequest {
  readonly method: 'GET' | 'POST'
  /** With the query string. */
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: Uint8Array | undefined
  /** Of the answer's body; more is `malformed`. */
  readonly mostBytes: number
}

export interface HttpAnswer {
  readonly status: number
  /** Of one name in lower case; what comes behind the body counts as well. */
  field(name: string): string | undefined
  /** Owned by the caller. */
  readonly body: Uint8Array
}

/** A connection that carries requests. http-session.ts chooses the one for a request. */
export interface HttpConnection {
  /**
   * Clock.ms() when it was opened, and when it was last left idle: infinite until then. For the
   * pool.
   */
  readonly openedMs: number
  idleSinceMs: number
  /** Requests that it carries now. For the pool. */
  inUse: number
  /** As many may be under way at a time. */
  readonly most: number
  /** Whether the server has said how many that are. */
  readonly hasSettings: boolean
  /** Whether it takes requests: one that ends may still carry some. */
  readonly isOpen: boolean
  /** Whether a request has been answered on it. */
  readonly hasAnswered: boolean
  /** Resolves when the answer is whole; rejects with an ExchangeError. */
  request(request: HttpRequest, timeoutMs: number): Promise<HttpAnswer>
  /** Ends the requests under way, too. */
  close(): void
}

/** What a pool is told by its connections. */
export interface HttpConnectionEvents {
  /** It takes more requests than before, or no more. */
  changed(): void
  closed(): void
}

/** Gathers a body, up to a bound: an announced length reserves nothing. */
export class BodyReader {
  readonly #most: number
  readonly #chunks: Uint8Array[] = []
  #length = 0

  constructor(mostBytes: number) {
    this.#most = mostBytes
  }

  /** False if that is too much. Takes custody of `chunk`. */
  add(chunk: Uint8Array): boolean {
    this.#length += chunk.length
    if (this.#length > this.#most) return false
    this.#chunks.push(chunk)
    return true
  }

  /** A copy: a chunk may be part of a larger buffer, which would be kept with it. */
  bytes(): Uint8Array {
    const whole = new Uint8Array(this.#length)
    let at = 0
    for (const chunk of this.#chunks) {
      whole.set(chunk, at)
      at += chunk.length
    }
    return whole
  }
}

type Fields = Readonly<Record<string, unknown>>

/** One that stands twice is of no use to anybody here. */
export const fieldIn =
  (head: Fields, trailers: Fields) =>
  (name: string): string | undefined => {
    const value = trailers[name] ?? head[name]
    return typeof value === 'string' ? value : undefined
  }

export const bodyTooLong = (path: string, most: number): ExchangeError =>
  new ExchangeError('malformed', `read tcp ${path}: more than ${most} bytes in the answer`)

export const ended = (): ExchangeError => new ExchangeError('closed', 'EOF')
