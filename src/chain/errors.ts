// Errors that a query can end in. (Errors of a Corefile are in corefile/diagnostic.ts.)

import { RCODE_SERVFAIL } from '../wire/rcodes.ts'

/**
 * An operating failure that ends one query: a time-out, no healthy upstream, no permit. It rises
 * through the chain unlogged; `errors` logs it, and dispatch answers `rcode`. Handlers throw it, or
 * reject with it.
 */
export class ServerError extends Error {
  /** Stable, upper case: `UPSTREAM_TIMEOUT`, `NO_NEXT`, … */
  readonly code: string
  /** What the client is answered, 0..23. */
  readonly rcode: number

  constructor(
    code: string,
    message: string,
    rcode: number = RCODE_SERVFAIL,
    options?: ErrorOptions,
  ) {
    super(message, options)
    this.name = 'ServerError'
    this.code = code
    this.rcode = rcode
  }
}

/**
 * The rcode that a thrown value puts on the wire: its own for a ServerError, SERVFAIL for anything
 * else.
 */
export const rcodeOfError = (error: unknown): number =>
  error instanceof ServerError ? error.rcode : RCODE_SERVFAIL

export const messageOf = (error: unknown): string =>
  error instanceof Error ? error.message : String(error)

/**
 * What is wrong with one argument of a directive: the server finds its place in the Corefile. Any
 * other error belongs to the argument that it quotes.
 */
export class ArgumentError extends Error {
  /** As written. */
  readonly argument: string

  constructor(message: string, argument: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'ArgumentError'
    this.argument = argument
  }
}
