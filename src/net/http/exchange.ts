// What tells DNS over HTTPS from gRPC: how an HTTP request becomes a DNS message, and its answer an
// HTTP reply. One codec serves all connections of a kind; it holds no state.

import type { Respond } from '../engine.ts'

/** Why there is no answer: undefined where the chain wrote none. */
export type Rejection = Parameters<Respond>[1]

/** What of a request's head says which message it brings. */
export interface HttpHead {
  readonly method: string
  /** As sent: path and query string. */
  readonly target: string
  readonly contentType: string
}

export interface HttpReply {
  readonly status: number
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>
  readonly body: Uint8Array
  /** Fields behind the body (RFC 9110 section 6.5); only over HTTP/2. */
  readonly trailers?: Readonly<Record<string, string>>
}

export interface HttpCodec {
  readonly transport: 'https' | 'grpc'
  /** Path of the requests that it takes. */
  readonly path: string
  /** Its requests may come over HTTP/1.1. */
  readonly allowsHttp1: boolean
  /** A connection without requests is closed after a while. */
  readonly closesIdle: boolean
  readonly mostBodyBytes: number
  /** Streams of one connection, where its listener sets no limit. */
  readonly mostStreams: number
  /** The reply to a request whose body is longer. */
  readonly tooLong: HttpReply
  /** `answer` wants to have the query. */
  readonly keepsQuery: boolean
  /** Whether the message lies in the body, or the reply to a request that brings none. */
  begin(head: HttpHead): { readonly hasBody: boolean } | HttpReply
  /** The message, in memory of its own, or the reply to a request that brings none. */
  message(head: HttpHead, body: Uint8Array): Uint8Array | HttpReply
  /**
   * The reply that carries the answer; `answer` is undefined where there is none. `query` is empty
   * unless `keepsQuery`.
   */
  answer(answer: Uint8Array | undefined, why: Rejection, query: Uint8Array): HttpReply
}

export const isReply = <T extends object>(value: T | HttpReply): value is HttpReply =>
  'status' in value

export const NO_BYTES = new Uint8Array(0)
