// Turns words of a Corefile into values: one reader for each kind of word. CoreDNS's plugins have
// error texts of their own, so readers take the texts as arguments. Common texts are here.

import { isIP } from 'node:net'
import { isAbsolute, join } from 'node:path'
import type { CorefileError } from '../diagnostics/diagnostic.ts'
import { didYouMean } from '../diagnostics/nearest.ts'
import type { Token } from '../diagnostics/span.ts'
import { durationError, formatDuration, parseDuration } from '../words/duration.ts'
import { splitHostPort } from '../words/host-port.ts'
import {
  goAtoiError,
  goParseFloatError,
  goParseUintError,
  parseGoFloat,
  parseGoInt,
  parseGoUint,
} from '../words/strconv.ts'
import { normalizeZone } from '../words/zones.ts'
import type { Directive, ErrorOptions } from './directive.ts'

/** A plugin's options while they are read: fields can be assigned. */
export type Draft<Options> = { -readonly [Key in keyof Options]: Options[Key] }

/** A word behind a directive or an option. Its errors show its own place. */
export class Argument {
  readonly directive: Directive
  readonly token: Token

  constructor(directive: Directive, token: Token) {
    this.directive = directive
    this.token = token
  }

  get text(): string {
    return this.token.text
  }

  /** An argument with another text, such as a part of the word, at the same place. */
  withText(text: string): Argument {
    return new Argument(this.directive, { ...this.token, text })
  }

  /** See Directive.err. */
  err(text: string, options: ErrorOptions = {}): CorefileError {
    return this.directive.err(text, { ...options, token: this.token })
  }

  /** See Directive.plainErr. */
  plainErr(text: string, options: ErrorOptions = {}): CorefileError {
    return this.directive.plainErr(text, { ...options, token: this.token })
  }
}

export interface Value<T> {
  /** Its name in manuals: `DURATION`, `random|round_robin|sequential`. */
  readonly word: string
  /** Range as written in a Corefile, such as `1s to 24h`; '' without bounds. */
  readonly range: string
  /** Throws CorefileError. */
  read(argument: Argument): T
}

type Wrong = (argument: Argument) => CorefileError

/** Any word, as it is. */
export const text = (word: string): Value<string> => ({ word, range: '', read: ({ text }) => text })

/** A word that another function parses; if it returns undefined, `wrong` makes the error. */
export const parsed = <T>(
  word: string,
  parse: (text: string) => T | undefined,
  wrong: Wrong,
): Value<T> => ({
  word,
  range: '',
  read(argument) {
    const value = parse(argument.text)
    if (value === undefined) throw wrong(argument)
    return value
  },
})

/** A word that is checked and kept as it is; `wrong` makes the error. */
export const checked = (
  word: string,
  isRight: (text: string) => boolean,
  wrong: Wrong,
): Value<string> => parsed(word, text => (isRight(text) ? text : undefined), wrong)

/** One of a few words; the error has the most similar one as a hint. */
export const oneOf = <Word extends string>(
  words: readonly Word[],
  wrong: Wrong = argument =>
    argument.err(`'${argument.text}' is none of ${words.join(', ')}`, { code: 'unknown-word' }),
): Value<Word> =>
  parsed(
    words.join('|'),
    text => words.find(word => word === text),
    argument => wrong(argument).explained({ hint: didYouMean(argument.text, words) }),
  )

export interface NumberOptions {
  readonly word?: string
  /** Bounds, inclusive. For durations in milliseconds. */
  readonly least?: number
  readonly most?: number
  /**
   * Makes the error for a text that is no such number. `why` is Go's error text, which is the whole
   * text by default.
   */
  readonly wrong?: (argument: Argument, why: string) => CorefileError
  /** Makes the error for a number that is out of bounds. */
  readonly outside?: (value: number, argument: Argument) => CorefileError
}

/** A kind of number, as Go parses and prints it. */
interface NumberKind {
  readonly word: string
  parse(text: string): number | undefined
  /** Go's error text for a word that `parse` refuses. */
  why(text: string): string
  show(value: number): string
}

const rangeOf = ({ least, most }: NumberOptions, show: (value: number) => string): string => {
  if (least !== undefined && most !== undefined) return `${show(least)} to ${show(most)}`
  if (least !== undefined) return `${show(least)} or more`
  return most === undefined ? '' : `${show(most)} at most`
}

const numeric = (kind: NumberKind, options: NumberOptions): Value<number> => {
  const { least = Number.NEGATIVE_INFINITY, most = Number.POSITIVE_INFINITY } = options
  const range = rangeOf(options, kind.show)
  const wrong = options.wrong ?? ((argument, why) => argument.plainErr(why))
  const outside =
    options.outside ??
    ((_, argument) => argument.err(`'${argument.text}' is out of range: ${range}`))
  return {
    word: options.word ?? kind.word,
    range,
    read(argument) {
      const value = kind.parse(argument.text)
      if (value === undefined) throw wrong(argument, kind.why(argument.text))
      if (value < least || value > most) throw outside(value, argument)
      return value
    },
  }
}

/** The short form `24h`, where Go prints `24h0m0s`. */
const shortDuration = (ms: number): string =>
  formatDuration(ms)
    .replace(/(?<=m)0s$/, '')
    .replace(/(?<=h)0m$/, '')

const DURATION: NumberKind = {
  word: 'DURATION',
  parse: parseDuration,
  why: durationError,
  show: shortDuration,
}

const withSeconds = (text: string): string => (parseGoInt(text) === undefined ? text : `${text}s`)

const DURATION_OR_SECONDS: NumberKind = {
  ...DURATION,
  parse: text => parseDuration(withSeconds(text)),
  why: text => durationError(withSeconds(text)),
}

/**
 * A Go duration such as `1m30s`, in milliseconds. `areSecondsAllowed`: an integer without a unit is
 * a number of seconds.
 */
export const duration = (
  options: NumberOptions & { readonly areSecondsAllowed?: true } = {},
): Value<number> => numeric(options.areSecondsAllowed ? DURATION_OR_SECONDS : DURATION, options)

const INTEGER: NumberKind = {
  word: 'INTEGER',
  parse: parseGoInt,
  why: goAtoiError,
  show: String,
}

/** An integer as strconv.Atoi reads it: counts, sizes in bytes. */
export const integer = (options: NumberOptions = {}): Value<number> => numeric(INTEGER, options)

/** A TTL: an integer, in seconds. */
export const ttl = (options: NumberOptions = {}): Value<number> =>
  numeric(INTEGER, { word: 'TTL', ...options })

/** An integer of 32 bits as strconv.ParseUint reads it: without a sign. */
export const unsigned32 = (options: NumberOptions = {}): Value<number> =>
  numeric(
    { word: 'INTEGER', parse: text => parseGoUint(text, 32), why: goParseUintError, show: String },
    options,
  )

/** A decimal number, which may have a fraction. */
export const decimal = (options: NumberOptions = {}): Value<number> =>
  numeric({ word: 'NUMBER', parse: parseGoFloat, why: goParseFloatError, show: String }, options)

/**
 * Normalised zones of the word: several for a CIDR. A word that is no zone gives an empty array,
 * since CoreDNS skips it.
 */
export const zones: Value<readonly string[]> = {
  word: 'ZONE',
  range: '',
  read: ({ text }) => normalizeZone(text) ?? [],
}

/** `host:port` or `:port`, to listen on. The port is not checked. */
export const listenAddress: Value<string> = {
  word: 'ADDRESS',
  range: '',
  read(argument) {
    const split = splitHostPort(argument.text)
    if ('error' in split) throw argument.plainErr(split.error)
    return argument.text
  },
}

/** An IPv4 or IPv6 address, without port. */
export const ipAddress = (wrong: Wrong): Value<string> =>
  checked('IP', text => isIP(text) !== 0, wrong)

/** The path of a file that the Corefile names. A relative one starts at the folder of *root*. */
export const underRoot = (path: string, root: string): string =>
  isAbsolute(path) || root === '' ? path : join(root, path)
