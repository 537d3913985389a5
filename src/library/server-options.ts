// What createServer is told, checked: a TypeError or RangeError names the field and what was given,
// before anything is opened.

import { isIP } from 'node:net'
import { resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { given } from '../base/text/given.ts'
import { didYouMean } from '../corefile/diagnostics/nearest.ts'
import { STEERINGS } from '../net/mmsg/steering.ts'
import { PluginSet } from '../plugins/plugin-set.ts'
import {
  defaultServeOptions,
  ENGINES,
  SERVE_RANGES,
  type ServeOptions,
} from '../process/serve-options.ts'
import { functionPlugin, type QueryFunction } from './function-plugin.ts'
import { type Plugins, pluginSetOf } from './given-plugins.ts'

/** Sizes and counts of the server, named as its flags are. Absent: as without the flag. */
export interface ServerSizes {
  /** Threads that answer. Default 1. */
  readonly workers?: number
  /** Threads beside them for listeners that are not plain DNS, if the Corefile has any. */
  readonly streamWorkers?: number
  /** Of the cache that all of them share. */
  readonly cacheBytes?: number
  /** Room for records of zones, hosts files and clusters: taken as it is used. */
  readonly recordsBytes?: number
  /** Receive buffer of each UDP socket. */
  readonly recvBufferBytes?: number
  /** JavaScript heap of each thread. */
  readonly heapLimitBytes?: number
  /** TCP connections open in each thread. */
  readonly maxTcpConnections?: number
  /** What clients' connections and queries under way may hold. */
  readonly inflightBytes?: number
}

/** Options of `createServer`. One of `corefile`, `file` and `handler` is needed. */
export interface ServerOptions extends ServerSizes {
  /** A Corefile as text. */
  readonly corefile?: string
  /** Path or `file:` URL of a Corefile, which `reload` reads again. */
  readonly file?: string | URL
  /** Answers every query, in place of a Corefile. What it leaves unanswered is REFUSED. */
  readonly handler?: QueryFunction
  /** Plugins of your own, by directive, for `corefile` and `file`. */
  readonly plugins?: Plugins
  /** Where to listen, with `handler`. Default 127.0.0.1. */
  readonly address?: string
  /**
   * Of server blocks that name no port: default 53. With `handler`: where to listen, default 0. 0
   * is a number that the system chooses.
   */
  readonly port?: number
  /** How UDP is read and written. Default `auto`; `dgram` where functions answer. */
  readonly engine?: ServeOptions['engine']
  /** How queries are spread over the workers, with engine mmsg. Default `random`. */
  readonly steering?: ServeOptions['steering']
  /** `false` sends every query through the slow path. */
  readonly fastPath?: boolean
  /**
   * Where log lines go. `false`: nowhere; `'stderr'`: all of them to standard error; a function
   * gets each line. Default: warnings and errors to standard error.
   */
  readonly log?: false | 'stderr' | ((line: string) => void)
  /** Its abort closes the server, or ends the start. */
  readonly signal?: AbortSignal
}

/** The same, as the server needs it. */
export interface ServerSettings {
  readonly serve: ServeOptions
  readonly source: CorefileSource
  readonly plugins: PluginSet
  readonly log: ServerOptions['log']
  readonly signal: AbortSignal | undefined
}

export type CorefileSource =
  | { readonly kind: 'text' | 'handler'; readonly text: string }
  | { readonly kind: 'file'; readonly path: string }

const SIZES = [
  'workers',
  'streamWorkers',
  'cacheBytes',
  'recordsBytes',
  'recvBufferBytes',
  'heapLimitBytes',
  'maxTcpConnections',
  'inflightBytes',
] as const satisfies readonly (keyof ServerSizes)[]

const SOURCES = ['corefile', 'file', 'handler'] as const

const FIELDS: ReadonlySet<string> = new Set<keyof ServerOptions>([
  ...SOURCES,
  ...SIZES,
  'plugins',
  'address',
  'port',
  'engine',
  'steering',
  'fastPath',
  'log',
  'signal',
])

export const readServerOptions = (options: ServerOptions): ServerSettings => {
  checkFields(options)
  const source = sourceOf(options)
  const plugins = pluginsOf(options)
  const sizes = { workers: 1, ...sizesOf(options) }
  const usual = hasFunctions(options) ? 'dgram' : 'auto'
  const { port, engine = usual, steering = 'random', fastPath = true, log, signal } = options
  const serve: ServeOptions = {
    ...defaultServeOptions(sizes),
    ...sizes,
    quiet: true,
    engine: oneOf('engine', engine, ENGINES),
    steering: oneOf('steering', steering, STEERINGS),
    noFastPath: !flag('fastPath', fastPath),
    ...(port === undefined ? {} : { port: wholeNumber('port', port) }),
  }
  return { serve, source, plugins, log: logOf(log), signal: signalOf(signal) }
}

const misfit = (field: string, text: string): TypeError =>
  new TypeError(`createServer: ${field}: ${text}`)

const checkFields = (options: ServerOptions): void => {
  if (typeof options !== 'object' || options === null || Array.isArray(options))
    throw new TypeError(`createServer takes an object of options, not ${given(options)}`)
  for (const name of Object.keys(options)) {
    if (FIELDS.has(name)) continue
    const hint = didYouMean(name, [...FIELDS])
    throw misfit(name, `there is no such option${hint === undefined ? '' : `: ${hint}`}`)
  }
}

const sourceOf = (options: ServerOptions): CorefileSource => {
  const [name, ...others] = SOURCES.filter(source => options[source] !== undefined)
  if (name === undefined)
    throw new TypeError(`createServer needs one of ${SOURCES.join(', ')}, and has none`)
  if (others.length > 0)
    throw new TypeError(`createServer takes either ${name} or ${others.join(' or ')}`)
  if (name !== 'handler' && options.address !== undefined)
    throw misfit('address', "it goes with handler: a Corefile says it by 'bind'")
  if (name === 'handler') return { kind: name, text: corefileOf(options) }
  return name === 'corefile'
    ? { kind: 'text', text: corefileText('createServer: corefile', options.corefile) }
    : { kind: 'file', path: pathOf(options.file) }
}

/** The directive of the function that answers everything. */
const HANDLER = 'handler'

const corefileOf = ({ handler, plugins, address = '127.0.0.1', port = 0 }: ServerOptions) => {
  if (typeof handler !== 'function') throw misfit('handler', `${given(handler)} is no function`)
  if (plugins !== undefined) throw misfit('plugins', 'they go with a Corefile, not with handler')
  const key = `.:${wholeNumber('port', port)}`
  const rest = 'template ANY ANY {\n  rcode REFUSED\n }'
  return `${key} {\n bind ${addressOf(address)}\n ${HANDLER}\n ${rest}\n}\n`
}

const pluginsOf = ({ handler, plugins = {} }: ServerOptions): PluginSet =>
  handler === undefined
    ? pluginSetOf(plugins)
    : new PluginSet([], [functionPlugin(HANDLER, handler, { allClasses: true })])

const hasFunctions = ({ handler, plugins = {} }: ServerOptions): boolean =>
  handler !== undefined || Object.values(plugins).some(plugin => typeof plugin === 'function')

/** The text of a Corefile. Throws a TypeError that begins with `what`. */
export const corefileText = (what: string, text: unknown): string => {
  if (typeof text === 'string') return text
  throw new TypeError(`${what}: a Corefile is given as text, not as ${given(text)}`)
}

const pathOf = (file: unknown): string => {
  const path = file instanceof URL ? pathOfUrl(file) : file
  if (typeof path !== 'string' || path === '')
    throw misfit('file', `${given(file)} is neither a path nor a file: URL`)
  return resolve(path)
}

const pathOfUrl = (url: URL): string => {
  if (url.protocol !== 'file:') throw misfit('file', `${given(url.href)} is no file: URL`)
  return fileURLToPath(url)
}

const sizesOf = (options: ServerOptions): ServerSizes => {
  const isGiven = (size: keyof ServerSizes): boolean => options[size] !== undefined
  return Object.fromEntries(
    SIZES.filter(isGiven).map(size => [size, wholeNumber(size, options[size])]),
  )
}

const wholeNumber = (field: keyof typeof SERVE_RANGES, value: unknown): number => {
  const [least, most] = SERVE_RANGES[field]
  const text = `${given(value)} is no whole number from ${least} to ${most}`
  if (typeof value !== 'number') throw misfit(field, text)
  if (Number.isInteger(value) && value >= least && value <= most) return value
  throw new RangeError(`createServer: ${field}: ${text}`)
}

const oneOf = <T extends string>(field: string, value: unknown, names: readonly T[]): T => {
  const name = names.find(known => known === value)
  if (name !== undefined) return name
  throw misfit(field, `${given(value)} is none of ${names.join(', ')}`)
}

const flag = (field: string, value: unknown): boolean => {
  if (typeof value === 'boolean') return value
  throw misfit(field, `${given(value)} is neither true nor false`)
}

const logOf = (log: ServerOptions['log']): ServerOptions['log'] => {
  if (log === undefined || log === false || log === 'stderr' || typeof log === 'function')
    return log
  throw misfit('log', `${given(log)} is neither false, 'stderr' nor a function`)
}

const signalOf = (signal: unknown): AbortSignal | undefined => {
  if (signal === undefined || signal instanceof AbortSignal) return signal
  throw misfit('signal', `${given(signal)} is no AbortSignal`)
}

/** A literal address, IPv6 perhaps with its zone. */
const addressOf = (address: unknown): string => {
  if (typeof address === 'string' && isIP(address) !== 0) return address
  throw misfit('address', `${given(address)} is no IP address`)
}
