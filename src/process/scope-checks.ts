// Checks the values that control halves pass to their scope. Without this, an invalid number would
// reach shared memory, and an invalid address would end in an error that does not name the plugin.

import { type IpPrefix, parseIp, withoutZone } from '../base/ip.ts'
import { given } from '../base/text/given.ts'
import type { TableCapacity } from '../cache/table-ref.ts'
import type { BlockSettings, Timeouts } from '../chain/block.ts'
import type { ProxyServing } from '../chain/listening.ts'
import type { HttpAnswer, HttpRoute } from '../chain/plugin/control-scope.ts'
import type { Labels } from '../metrics/registrar.ts'

/**
 * Returns the number. Throws a RangeError that begins with `what` if it is no integer from 0 to
 * `most`.
 */
export const wholeNumber = (what: string, value: number, most: number): number => {
  if (Number.isInteger(value) && value >= 0 && value <= most) return value
  throw new RangeError(`${what} takes a whole number from 0 to ${most}, not ${given(value)}`)
}

/** Throws a RangeError. */
export const tableCapacity = (capacity: TableCapacity): TableCapacity => {
  if (typeof capacity !== 'object' || capacity === null)
    return wholeNumber('table', capacity, Number.MAX_SAFE_INTEGER)
  const { part, least } = capacity
  if (part > 0 && part <= 1)
    return { part, least: wholeNumber('least of table', least, Number.MAX_SAFE_INTEGER) }
  throw new RangeError(`table takes a part above 0 and up to 1, not ${given(part)}`)
}

/** Milliseconds. Throws a RangeError that begins with `what`. */
export const duration = (what: string, ms: number): number => {
  if (Number.isFinite(ms) && ms >= 0) return ms
  throw new RangeError(`${what} takes milliseconds, not ${given(ms)}`)
}

/**
 * Checks the identity of a resource: a text by which the plugin finds it again. Throws a TypeError.
 */
export const identityText = (what: string, value: string): string => {
  if (typeof value === 'string') return value
  throw new TypeError(`${what} takes a text as the identity, not ${given(value)}`)
}

/** The first setting that the server cannot use, after a control half has run. */
export const settingsMisfit = (settings: BlockSettings): string | undefined => {
  const { root, view, selector, debug, stacktrace, bindAddresses, timeouts, proxy } = settings
  return (
    wrongOf({ root, view, selector }, isText, 'no text') ??
    wrongOf({ debug, stacktrace }, isBoolean, 'neither true nor false') ??
    wrongOf({ bindAddresses }, isListOrAbsent, 'no list of addresses') ??
    firstOf(bindAddresses ?? [], address =>
      wrongOf({ bindAddresses: address }, isIpAddress, 'no IP address'),
    ) ??
    wrongOf({ timeouts }, isObject, 'no object') ??
    wrongOf(limitsOf(timeouts), isLimit, 'no number') ??
    wrongOf({ proxy }, isProxyOrAbsent, 'no way to treat PROXY headers')
  )
}

const wrongOf = (
  values: Readonly<Record<string, unknown>>,
  isRight: (value: unknown) => boolean,
  lack: string,
): string | undefined => {
  const found = Object.entries(values).find(([, value]) => !isRight(value))
  return found && `sets '${found[0]}' to ${given(found[1])}, which is ${lack}`
}

const firstOf = (
  values: readonly unknown[],
  misfit: (value: unknown) => string | undefined,
): string | undefined => {
  for (const value of values) {
    const text = misfit(value)
    if (text !== undefined) return text
  }
  return undefined
}

const limitsOf = ({ readMs, writeMs, idleMs, maxTcpQueries }: Timeouts) => ({
  readMs,
  writeMs,
  idleMs,
  maxTcpQueries,
})

const isText = (value: unknown): boolean => typeof value === 'string'

const isBoolean = (value: unknown): boolean => typeof value === 'boolean'

const isObject = (value: unknown): boolean => typeof value === 'object' && value !== null

const isListOrAbsent = (value: unknown): boolean => value === undefined || Array.isArray(value)

const isIpAddress = (value: unknown): boolean =>
  typeof value === 'string' && parseIp(withoutZone(value)) !== undefined

const isLimit = (value: unknown): boolean => value === undefined || Number.isFinite(value)

/** Shards make it what they look at when the configuration is in force already. */
const isProxyOrAbsent = (value: unknown): boolean => {
  if (value === undefined) return true
  const { allow, isOpen, policy, sessions } = (value ?? {}) as Partial<ProxyServing>
  return (
    typeof isOpen === 'boolean' &&
    isText(policy) &&
    Array.isArray(allow) &&
    allow.every(isPrefix) &&
    (sessions === undefined || (Number.isFinite(sessions?.ttlMs) && sessions.most >= 1))
  )
}

const isPrefix = (prefix: Partial<IpPrefix> | undefined): boolean =>
  prefix?.bytes instanceof Uint8Array &&
  [4, 16].includes(prefix.bytes.length) &&
  Number.isInteger(prefix.bits)

const FAILURES: Readonly<Record<HttpRoute['onBindFailure'], true>> = {
  fatal: true,
  log: true,
  silent: true,
}

/** Throws a TypeError for a path on an HTTP address that cannot be served. */
export const checkRoute = (route: HttpRoute): void => {
  const { address, path, onBindFailure, failureText = '', tls, respond } = route ?? {}
  const wrong =
    (typeof address !== 'string' && `the address ${given(address)}`) ||
    (!(typeof path === 'string' && path.startsWith('/')) && `the path ${given(path)}`) ||
    (!Object.hasOwn(FAILURES, onBindFailure ?? '') &&
      `the onBindFailure ${given(onBindFailure)}`) ||
    (typeof failureText !== 'string' && `the failureText ${given(failureText)}`) ||
    (tls !== undefined &&
      (typeof tls?.identity !== 'string' || typeof tls.current !== 'function') &&
      `the tls ${given(tls)}`) ||
    (typeof respond !== 'function' && `${given(respond)} in place of the function respond`)
  if (wrong !== false) throw new TypeError(`http does not take ${wrong}`)
}

/** Throws a TypeError for a value that is no HTTP answer. */
export const checkAnswer = (answer: HttpAnswer): HttpAnswer => {
  const { status, contentType, body } = answer ?? {}
  const isAnswer =
    Number.isInteger(status) &&
    status >= 200 &&
    status <= 599 &&
    typeof contentType === 'string' &&
    (typeof body === 'string' || body instanceof Uint8Array)
  if (!isAnswer) throw new TypeError('what respond gives is no answer')
  return answer
}

/** Series of one gauge: a plugin that gives more is in a loop. */
const MOST_GAUGE_SERIES = 100_000

/** The series of a gauge from the result of `collect`. Throws for an invalid value or label. */
export const gaugeValues = (
  labelNames: readonly string[],
  collect: () => Iterable<{ readonly labels: Labels; readonly value: number }>,
): { readonly labels: Labels; readonly value: number }[] => {
  const values = Iterator.from(collect())
    .take(MOST_GAUGE_SERIES + 1)
    .toArray()
  if (values.length > MOST_GAUGE_SERIES)
    throw new RangeError(`more than ${MOST_GAUGE_SERIES} values`)
  const wanted = [...labelNames].sort().join()
  for (const { labels, value } of values) {
    if (typeof value !== 'number') throw new TypeError(`the value ${given(value)} is no number`)
    const names = Object.keys(labels)
    if (names.sort().join() !== wanted)
      throw new TypeError(`a value has the labels ${names.join(', ') || '(none)'}`)
  }
  return values
}
