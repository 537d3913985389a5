// Words of a Corefile to values: one reader for each kind of word. CoreDNS's plugins word their
// errors each in their own way, so a reader is told the texts; what they say alike is said here.

import { isIP } from 'node:net'
import { isAbsolute, join } from 'node:path'
import type { CorefileError } from './diagnostic.ts'
import type { Directive, ErrorOptions } from './directive.ts'
import { durationError, formatDuration, parseDuration } from './duration.ts'
import { splitHostPort } from './host-port.ts'
import { didYouMean } from './nearest.ts'
import type { Token } from './span.ts'
import {
  goAtoiError,
  goParseFloatError,
  goParseUintError,
  parseGoFloat,
  parseGoInt,
  parseGoUint,
} from './strconv.ts'
import { normalizeZone } from './zones.ts'

/** What a plugin's options are while they are read. */
export type Draft<Options> = { -readonly [Key in keyof Options]: Options[Key] }

/** A word behind a directive or an option. Its errors stand at its own place. */
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

  /** A part of the word, at the same place. */
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
  /** What manuals call it: `DURATION`, `random|round_robin|sequential`. */
  readonly word: string
  /** In the words of the Corefile: `1s to 24h`; '' for what has no bounds. */
  readonly range: string
  /** Throws CorefileError. */
  read(argument: Argument): T
}

type Wrong = (argument: Argument) => CorefileError

/** Any word. */
export const text = (word: string): Value<string> => ({ word, range: '', read: ({ text }) => text })

/** A word that some other function reads; undefined is what is wrong. */
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

/** A word that is right or wrong, and is kept as it is. */
export const checked = (
  word: string,
  isRight: (text: string) => boolean,
  wrong: Wrong,
): Value<string> => parsed(word, text => (isRight(text) ? text : undefined), wrong)

/** One of a few words; the error says which of them was probably meant. */
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
  /** Bounds, both of them allowed. */
  readonly least?: number
  readonly most?: number
  /** What is said of a text that is no such number; `why` is what Go says, the whole by default. */
  readonly wrong?: (argument: Argument, why: string) => CorefileError
  /** What is said of one that is out of bounds. */
  readonly outside?: (value: number, argument: Argument) => CorefileError
}

/** A kind of number, as Go reads and writes it. */
interface NumberKind {
  readonly word: string
  parse(text: string): number | undefined
  /** Why parse gives nothing. */
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

/** As people write it: `24h`, where Go says `24h0m0s`. */
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

/** A Go duration, in milliseconds. `areSecondsAllowed`: a bare integer is a number of seconds. */
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

/** Seconds, as an integer. */
export const ttl = (options: NumberOptions = {}): Value<number> =>
  numeric(INTEGER, { word: 'TTL', ...options })

/** An integer of 32 bits as strconv.ParseUint reads it: without a sign. */
export const unsigned32 = (options: NumberOptions = {}): Value<number> =>
  numeric(
    { word: 'INTEGER', parse: text => parseGoUint(text, 32), why: goParseUintError, show: String },
    options,
  )

/** A number that may have a fraction. */
export const decimal = (options: NumberOptions = {}): Value<number> =>
  numeric({ word: 'NUMBER', parse: parseGoFloat, why: goParseFloatError, show: String }, options)

/** Zones of the word: several for a CIDR, none for what is no zone, which CoreDNS passes over. */
export const zones: Value<readonly string[]> = {
  word: 'ZONE',
  range: '',
  read: ({ text }) => normalizeZone(text) ?? [],
}

/** `host:port` or `:port`, to listen on. The port is not looked at. */
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

/** The path of a file that the Corefile names: below the folder of *root*, if it is relative. */
export const underRoot = (path: string, root: string): string =>
  isAbsolute(path) || root === '' ? path : join(root, path)
