// Errors that a query can end in. (Errors of a Corefile are in corefile/diagnostics/diagnostic.ts.)

import { namesProgram } from '../base/program.ts'
import { sourceStack } from '../base/v8/source-places.ts'
import { RCODE_SERVFAIL } from '../wire/rcodes.ts'

/**
 * An operating failure that ends one query: a time-out, no healthy upstream, no permit. Handlers
 * throw it, or reject with it. It passes through the chain without being logged: the *errors*
 * plugin logs it, and the server answers with `rcode`.
 */
export class ServerError extends Error {
  /** Stable, upper case: `UPSTREAM_TIMEOUT`, `NO_NEXT`, … */
  readonly code: string
  /** The rcode of the reply to the client, 0 to 23. */
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

type Kind<T> = abstract new (...args: never[]) => T

/** `instanceof` for any thrown value: a proxy may throw when it is examined. */
export const isA = <T>(kind: Kind<T>, error: unknown): error is T => {
  try {
    return error instanceof kind
  } catch {
    return false
  }
}

/**
 * The rcode that a thrown value puts on the wire: its own for a ServerError, SERVFAIL for anything
 * else.
 */
export const rcodeOfError = (error: unknown): number =>
  isA(ServerError, error) && isRcode(error.rcode) ? error.rcode : RCODE_SERVFAIL

const isRcode = (rcode: number): boolean => Number.isInteger(rcode) && rcode >= 0 && rcode <= 23

/** The message of any thrown value, also of one without a message. */
export const messageOf = (error: unknown): string => {
  try {
    return String(error instanceof Error ? error.message : error)
  } catch {
    return 'something without a text'
  }
}

/**
 * A defect of a plugin: it has thrown an error that is no ServerError, or broken the contract in
 * another way. The server logs it under the plugin's name, and counts it as a panic.
 */
export class PluginFault extends Error {
  readonly plugin: string

  constructor(plugin: string, cause: unknown) {
    super(`plugin/${plugin}: ${messageOf(cause)}`, { cause })
    this.name = 'PluginFault'
    this.plugin = plugin
  }
}

/**
 * Matches the file of a plugin, however deep in its folder; or of one from outside, whose URLs
 * contain its name in their versions (outside/hooks.ts).
 */
const PLUGIN_FILE = /\/plugins\/([^/\s]+)\/[^\s:]+\.[jt]s:|[?&]shardns=([\w-]+)\.[^\s:]*:/

const OUTSIDE_FILE = /[?&]shardns=[\w-]+\.[^\s:]*:/

/**
 * For an uncaught error: whether a plugin from outside threw it where nothing of the program
 * had called it, as in a timer of its own. Nothing of ours was interrupted then.
 */
export const isOfPluginAlone = (error: unknown): boolean =>
  OUTSIDE_FILE.test(stackOf(error)) && isOfNoProgram(error)

/** Whether an error has a stack in which nothing of the program stands. */
export const isOfNoProgram = (error: unknown): boolean => {
  const stack = stackOf(error)
  return stack !== '' && !namesProgram(stack)
}

/** For an uncaught error: a fault of the first plugin that its stack names, if it names one. */
export const faultByStack = (error: unknown): unknown => {
  const [, own, outside] = PLUGIN_FILE.exec(stackOf(error)) ?? []
  const plugin = own ?? outside
  return plugin === undefined ? error : faultOf(plugin, error)
}

/** The stack of a thrown value, with places in the sources; '' if it has none. */
export const stackOf = (error: unknown): string => {
  try {
    return error instanceof Error ? sourceStack(String(error.stack)) : ''
  } catch {
    return ''
  }
}

/** Bytes that a plugin gave for a reply and that are no DNS message. */
export class MalformedReply extends RangeError {
  readonly bytes: Uint8Array

  constructor(bytes: Uint8Array) {
    super('reply is not a well-formed DNS message')
    this.bytes = bytes
  }
}

/** A reply that has the question of another query: given back without `renamed`. */
export class OtherQuestion extends RangeError {
  constructor() {
    super('its reply is to another question')
  }
}

/**
 * The error to rethrow where a plugin threw `error`: a PluginFault with its name, or the same error
 * if it is an operating failure, already names its plugin, or is about another plugin's bytes.
 */
export const faultOf = (plugin: string, error: unknown): unknown =>
  isA(ServerError, error) || isA(PluginFault, error) || isA(MalformedReply, error)
    ? error
    : new PluginFault(plugin, error)

/**
 * The fault of one argument of a directive; the server finds the argument's place in the Corefile.
 * For other errors it takes the argument that their message quotes.
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
