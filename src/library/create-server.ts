// A server in the process of whoever asks for it: no signals, no exit, nothing on standard output,
// and nothing left once it is closed. What the program has around its server stands in
// process/run.ts.

import { networkInterfaces } from 'node:os'
import { dirname } from 'node:path'
import { readTextFile } from '../base/files/text-file.ts'
import { messageOf } from '../chain/errors.ts'
import { CorefileError as ReaderError } from '../corefile/diagnostics/diagnostic.ts'
import { type CorefileText, onceWritten } from '../process/load/corefile-source.ts'
import { Server } from '../process/server.ts'
import { CorefileError, corefileDiagnostic, ShardnsError } from './errors.ts'
import { linesFor } from './given-lines.ts'
import {
  type CorefileSource,
  corefileText,
  readServerOptions,
  type ServerOptions,
  type ServerSettings,
} from './server-options.ts'

export type { FunctionQuery, QueryFunction } from './function-plugin.ts'
export type { PluginModule, Plugins } from './given-plugins.ts'
export type { ServerOptions, ServerSizes } from './server-options.ts'

/** Where a server listens. */
export interface ServerAddress {
  /** `dns` is UDP and TCP, the others are TCP. */
  readonly transport: 'dns' | 'tls' | 'https' | 'grpc'
  /** `0.0.0.0` or `::` for all addresses of the machine. */
  readonly address: string
  readonly port: number
}

/** A server that answers. */
export interface ShardnsServer extends AsyncDisposable {
  /** Where it listens now; none once it is closed. */
  readonly addresses: readonly ServerAddress[]
  /**
   * Moves to the Corefile `corefile`, or reads its file again. Rejects with a CorefileError, or
   * another ShardnsError, and then answers as before.
   */
  reload(corefile?: string): Promise<void>
  /** All metrics, in the text format of Prometheus. */
  metrics(): Promise<string>
  /**
   * Answers what is under way, then ends, with all that it has opened and started. May be called
   * again.
   */
  close(): Promise<void>
  /**
   * Resolves once it is closed. Rejects with a ShardnsError, code GAVE_UP, if it has closed itself
   * because it could not go on.
   */
  readonly closed: Promise<void>
}

/**
 * Starts a server and resolves once it answers. Rejects with a TypeError or RangeError that names
 * the option, a CorefileError, or a ShardnsError; nothing is left open then.
 */
export const createServer = async (options: ServerOptions): Promise<ShardnsServer> => {
  const settings = readServerOptions(options)
  settings.signal?.throwIfAborted()
  return LibraryServer.start(settings)
}

/** What a Corefile given as text is called in diagnostics. */
const TEXT_FILE = 'Corefile'

class LibraryServer implements ShardnsServer {
  readonly closed: Promise<void>
  readonly #server: Server
  readonly #signal: AbortSignal | undefined
  readonly #abort: () => void
  readonly #end = Promise.withResolvers<void>()
  /** Rejects when the server is to end before it has started. */
  readonly #failed = Promise.withResolvers<never>()
  #source: CorefileSource
  #closing: Promise<void> | undefined

  static async start({
    serve,
    source,
    plugins,
    log,
    signal,
  }: ServerSettings): Promise<ShardnsServer> {
    const lines = linesFor(log)
    let made: LibraryServer | undefined
    const server = await Server.create(serve, {
      lines,
      plugins,
      isGuest: true,
      readCorefile: () => textAgain(made?.currentSource ?? source),
      fatal: text => {
        lines.raw(`[FATAL] ${text}`)
        made?.giveUp(new ShardnsError('GAVE_UP', text))
      },
    }).catch(error => {
      throw failureOf(error)
    })
    made = new LibraryServer(server, source, signal)
    await made.#begin()
    return made
  }

  private constructor(server: Server, source: CorefileSource, signal: AbortSignal | undefined) {
    this.#server = server
    this.#source = source
    this.#signal = signal
    this.closed = this.#end.promise
    // Whoever does not ask is not to be ended by it.
    this.closed.catch(() => {})
    this.#failed.promise.catch(() => {})
    this.#abort = () => {
      this.#failed.reject(signal?.reason)
      void this.close()
    }
    signal?.addEventListener('abort', this.#abort)
    if (signal?.aborted) this.#abort()
  }

  get currentSource(): CorefileSource {
    return this.#source
  }

  async #begin(): Promise<void> {
    try {
      const text = textOf(this.#source)
      await Promise.race([this.#server.start(text), this.#failed.promise])
    } catch (error) {
      await this.close()
      throw error === this.#signal?.reason ? error : failureOf(error)
    }
  }

  get addresses(): readonly ServerAddress[] {
    if (this.#closing !== undefined) return []
    return this.#server.addresses.map(({ scheme, address, port }) => ({
      transport: scheme,
      address: address === '' ? everyAddress() : address,
      port,
    }))
  }

  async reload(corefile?: string): Promise<void> {
    if (corefile !== undefined) corefileText('reload', corefile)
    if (corefile !== undefined && this.#source.kind !== 'text')
      throw new TypeError('reload takes a Corefile only where createServer was given one as text')
    if (this.#closing !== undefined) throw closedError()
    const source: CorefileSource =
      corefile === undefined ? this.#source : { kind: 'text', text: corefile }
    try {
      await this.#server.load(() => textAgain(source))
      this.#source = source
    } catch (error) {
      throw this.#closing === undefined ? failureOf(error) : closedError()
    }
  }

  metrics(): Promise<string> {
    return this.#server.metrics()
  }

  close(): Promise<void> {
    this.#closing ??= this.#close().then(this.#end.resolve, this.#end.reject)
    return this.#closing
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  giveUp(error: ShardnsError): void {
    this.#failed.reject(error)
    this.#closing ??= this.#close().then(() => this.#end.reject(error), this.#end.reject)
  }

  async #close(): Promise<void> {
    this.#signal?.removeEventListener('abort', this.#abort)
    await this.#server.shutdownTasks()
    await this.#server.stop()
  }
}

const closedError = (): ShardnsError => new ShardnsError('CLOSED', 'the server is closed')

/** Throws a CorefileError for a file that cannot be read. */
const textOf = (source: CorefileSource): CorefileText => {
  if (source.kind !== 'file')
    return { text: source.text, file: TEXT_FILE, baseDir: '.', isReloadable: true }
  const { path } = source
  try {
    return { text: readTextFile(path), file: path, baseDir: dirname(path), isReloadable: true }
  } catch (error) {
    const message = messageOf(error)
    throw new CorefileError([{ severity: 'error', code: 'unreadable', message, file: path }], {
      cause: error,
    })
  }
}

/** For a reload. */
const textAgain = async (source: CorefileSource): Promise<CorefileText> =>
  source.kind === 'file' ? onceWritten(async () => textOf(source)) : textOf(source)

/** What the server could not do, as the library says it. */
const failureOf = (error: unknown): Error => {
  if (error instanceof ShardnsError) return error
  if (error instanceof ReaderError) {
    const diagnostics = [error, ...error.others].map(one => corefileDiagnostic(one.toDiagnostic()))
    return new CorefileError(diagnostics, { cause: error })
  }
  return new ShardnsError('LOAD', messageOf(error), { cause: error })
}

/** How a socket at all addresses is written here. */
const everyAddress = (): string =>
  Object.values(networkInterfaces()).some(list => list?.some(({ family }) => family === 'IPv6'))
    ? '::'
    : '0.0.0.0'
