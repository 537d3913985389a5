// The process around the server: start-up output, pid file, signals and exit codes, all as CoreDNS
// has them (coremain/run.go).

import { rmSync, writeFileSync } from 'node:fs'
import { pathErrorText } from '../base/files/errno.ts'
import { systemClock } from '../base/time/clock.ts'
import { flushCompiled } from '../base/v8/compilers.ts'
import { messageOf } from '../chain/errors.ts'
import { CorefileError } from '../corefile/diagnostics/diagnostic.ts'
import { makeLogger, stdout } from '../log/log.ts'
import { PluginSet } from '../plugins/plugin-set.ts'
import { listenHint } from './listen-hint.ts'
import { type CorefileText, readCorefile } from './load/corefile-source.ts'
import { hasStreamKeys } from './load/load.ts'
import { zoneSyntaxWarning } from './load/zone-syntax.ts'
import type { ServeOptions } from './serve-options.ts'
import { Server, type ServerWorld } from './server.ts'
import { closeStrayDebugger } from './stray-debugger.ts'
import { Strays } from './strays.ts'
import { trimMemory } from './trim-memory.ts'
import { versionText } from './version.ts'

const EXIT_OK = 0
const EXIT_FAILURE = 1
const EXIT_FORCED = 2
const EXIT_CALLBACK_FAILED = 4

const log = makeLogger(stdout, '', () => false)

/**
 * Serves until a signal or a fatal error; resolves to the exit code, with standard output flushed.
 * The caller exits the process.
 */
export const runServer = async (
  options: ServeOptions,
  world: Partial<ServerWorld> = {},
): Promise<number> => {
  const ended = Promise.withResolvers<number>()
  let isOver = false
  const end = (code: number): void => {
    isOver = true
    ended.resolve(code)
  }
  const fatal = (text: string): void => {
    stdout.raw(`[FATAL] ${text}`)
    end(EXIT_FAILURE)
  }
  try {
    const source = await readCorefile(options.conf, options.port)
    const server = await Server.create(fitted(options, source), { ...world, fatal })
    const count = (): void => server.countPanic()
    new Strays({ nowMs: () => systemClock.ms(), log, count }).listen()
    const signals = handleSignals(server, options, source.isReloadable, end)
    await Promise.race([
      server.start(source, lines => announceZones(lines, options)),
      ended.promise,
    ])
    // A signal, or loop, has come first: nothing is said of a server that does not serve, and no
    // pid file is left.
    if (isOver) return flushed(await ended.promise)
    if (!options.quiet) for (const line of versionText().split('\n')) stdout.raw(line)
    log.info(server.engineText)
    writePidfile(options.pidfile)
    closeStrayDebugger()
    signals.started()
    trimMemory(() => server.hasLoadEnded())
    flushCompiled()
  } catch (error) {
    stdout.flushSync()
    const message = messageOf(error)
    process.stderr.write(`${message}\n`)
    const hint = corefileHint(error) ?? listenHint(message)
    if (hint !== undefined) process.stderr.write(`${hint}\n`)
    return EXIT_FAILURE
  }
  return flushed(await ended.promise)
}

/** In a limited memory, shards leave room for stream shards where the Corefile asks for them. */
const fitted = (options: ServeOptions, { text, file, baseDir }: CorefileText): ServeOptions => {
  const { withStreams, port } = options
  if (withStreams === undefined) return options
  const plugins = new PluginSet(options.plugins)
  return hasStreamKeys(text, file, { baseDir, port, plugins })
    ? { ...options, ...withStreams }
    : options
}

/** A line below CoreDNS's own text. */
const corefileHint = (error: unknown): string | undefined =>
  error instanceof CorefileError && error.hint !== undefined ? `hint: ${error.hint}` : undefined

const flushed = (code: number): number => {
  stdout.flushSync()
  return code
}

const announceZones = (lines: readonly string[], { quiet }: ServeOptions): void => {
  if (quiet) return
  for (const line of lines) {
    const zone = line.replace(/^[a-z0-9]+:\/\//, '').replace(/:.*$/, '')
    const warning = zoneSyntaxWarning(zone)
    if (warning !== undefined) stdout.raw(`Warning: ${warning}`)
    stdout.raw(line)
  }
}

const writePidfile = (path: string): void => {
  if (path === '') return
  try {
    writeFileSync(path, `${process.pid}\n`, { mode: 0o644 })
  } catch (error) {
    log.error(`Could not write pidfile: ${pathErrorText('open', path, error)}`)
  }
}

/**
 * SIGTERM and SIGINT end a server that has not started yet at once; SIGUSR1 waits for `started`.
 */
const handleSignals = (
  server: Server,
  options: ServeOptions,
  isReloadable: boolean,
  end: (code: number) => void,
): { started(): void } => {
  const ready = Promise.withResolvers<void>()
  let isEnding = false
  let isStarted = false
  // Not before it is ours: another process may run with the same file.
  const removePidfile = () => {
    if (isStarted && options.pidfile !== '') rmSync(options.pidfile, { force: true })
  }
  const shutDown = async (isGraceful: boolean): Promise<void> => {
    isEnding = true
    if (!isStarted) {
      end(EXIT_OK)
      return
    }
    if (!isGraceful) removePidfile()
    const isClean = await server.shutdownTasks()
    if (isGraceful) {
      removePidfile()
      await server.stop()
    }
    end(isClean ? EXIT_OK : EXIT_CALLBACK_FAILED)
  }
  let isInterrupted = false
  process.on('SIGTERM', () => {
    if (isEnding) return
    log.info('SIGTERM: Shutting down servers then terminating')
    void shutDown(true)
  })
  process.on('SIGINT', () => {
    if (isInterrupted) {
      log.info('SIGINT: Force quit')
      end(EXIT_FORCED)
      return
    }
    isInterrupted = true
    log.info('SIGINT: Shutting down')
    // A graceful end that is under way goes on: lameduck is served to its end.
    if (!isEnding) void shutDown(false)
  })
  process.on('SIGQUIT', () => {
    log.info('SIGQUIT: Quitting process immediately')
    removePidfile()
    end(EXIT_OK)
  })
  process.on('SIGUSR1', () => {
    log.info('SIGUSR1: Reloading')
    if (isReloadable) void ready.promise.then(() => server.reload())
    else log.error('SIGUSR1: no Caddyfile loader with which to reload Caddyfile')
  })
  process.on('SIGUSR2', () => {
    log.error('SIGUSR2: upgrading the binary in place is not supported by shardns')
  })
  // As CoreDNS: a terminal that goes away does not end the server.
  process.on('SIGHUP', () => {})
  const started = () => {
    isStarted = true
    ready.resolve()
  }
  return { started }
}
