// Hot path. Log lines on standard output: whole lines, escaped, buffered, bounded, never waited
// for. Main and every shard write to fd 1 themselves; in a library, shards hand theirs to main
// (shard/handed-lines.ts). Levels and prefixes are CoreDNS's; there are no timestamps and no log
// files.

import { constants, fstatSync, openSync, writeSync } from 'node:fs'
import { sleep } from '../base/time/sleep.ts'
import { type LogChunk, LogLines } from './log-lines.ts'
import type { LineSink, Logger } from './logger.ts'

const FLUSH_BYTES = 16 * 1024
const PENDING_LIMIT_BYTES = 1024 * 1024
const LINE_LIMIT_BYTES = 64 * 1024
const RETRY_MS = 20
/** How often flushSync waits RETRY_MS for a reader that does not read: half a second in all. */
const FINAL_RETRIES = 25

/**
 * Writes to a file descriptor as fs.writeSync does: returns the bytes taken, throws an error with a
 * `code`.
 */
export type WriteBytes = (bytes: Uint8Array, offset: number, length: number) => number

/**
 * The text with every byte outside 0x20..0x7E of its UTF-8 form written as \DDD: it can forge
 * neither a line nor a terminal command.
 */
export const escapeLine = (text: string): string => {
  if (/^[\x20-\x7e]*$/.test(text)) return text
  let escaped = ''
  for (const byte of Buffer.from(text, 'utf8')) {
    escaped +=
      byte >= 0x20 && byte <= 0x7e
        ? String.fromCharCode(byte)
        : `\\${String(byte).padStart(3, '0')}`
  }
  return escaped
}

/**
 * Collects lines and writes them once per turn of the event loop, or when 16 KiB wait. Lines beyond
 * 1 MiB push out the oldest, counted.
 */
export class LogSink implements LineSink {
  #write: WriteBytes | undefined
  readonly #whyLost: string
  readonly #lines = new LogLines()
  #lost = 0
  #lostTotal = 0
  #broken = false
  #scheduled = false
  #retry: NodeJS.Timeout | undefined
  readonly #endOfTurn = (): void => {
    this.#scheduled = false
    this.#flush()
  }

  /** Without `write`: standard output, opened at the first line. */
  constructor(write?: WriteBytes, whyLost = 'standard output is not read fast enough') {
    this.#write = write
    this.#whyLost = whyLost
  }

  /** Lines dropped since the start, because nobody read standard output or it failed. */
  get lostLines(): number {
    return this.#lostTotal
  }

  raw(line: string): void {
    if (this.#broken) return
    const escaped = escapeLine(line)
    const whole =
      escaped.length < LINE_LIMIT_BYTES
        ? `${escaped}\n`
        : `${escaped.slice(0, LINE_LIMIT_BYTES - 5)} ...\n`
    this.#lines.add(whole)
    this.#added()
  }

  rawBytes(bytes: Uint8Array, length: number): void {
    if (this.#broken) return
    this.#lines.addBytes(bytes, length)
    this.#added()
  }

  /**
   * Writes what is queued, for use before exit. Waits at most half a second for a reader; the rest
   * is lost.
   */
  flushSync(): void {
    for (let attempt = 0; attempt < FINAL_RETRIES && !this.#drain(); attempt++) sleep(RETRY_MS)
  }

  #added(): void {
    if (this.#lines.byteCount > PENDING_LIMIT_BYTES) this.#dropOldest()
    if (this.#retry !== undefined) return
    if (this.#lines.byteCount >= FLUSH_BYTES) {
      this.#flush()
    } else if (!this.#scheduled) {
      this.#scheduled = true
      setImmediate(this.#endOfTurn)
    }
  }

  #flush(): void {
    if (this.#drain() || this.#retry !== undefined) return
    this.#retry = setTimeout(() => {
      this.#retry = undefined
      this.#flush()
    }, RETRY_MS).unref()
  }

  /** True when nothing is left to write. */
  #drain(): boolean {
    this.#write ??= openStdout()
    while (!this.#broken) {
      const chunk = this.#nextChunk()
      if (chunk === undefined) return true
      const { writtenCount } = this.#lines
      try {
        this.#lines.advance(this.#write(chunk.bytes, writtenCount, chunk.length - writtenCount))
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === 'EAGAIN') return false
        // There is nowhere to report a broken standard output (EPIPE, EIO, ENOSPC): answering
        // queries matters more.
        this.#discardAll((error as NodeJS.ErrnoException).code === 'EPIPE')
      }
    }
    return true
  }

  /** What to write next. A loss is told as soon as no chunk is begun. */
  #nextChunk(): LogChunk | undefined {
    if (this.#lost > 0 && !this.#lines.isBegun) {
      this.#lines.addFirst(`[WARNING] ${this.#lost} log lines lost: ${this.#whyLost}\n`)
      this.#lost = 0
    }
    return this.#lines.begin()
  }

  /**
   * Down to three quarters of the limit at once, so that a flood does not shift the queue line by
   * line.
   */
  #dropOldest(): void {
    const count = this.#lines.drop((PENDING_LIMIT_BYTES * 3) / 4)
    this.#lost += count
    this.#lostTotal += count
  }

  #discardAll(forGood: boolean): void {
    this.#lostTotal += this.#lines.clear()
    this.#lost = 0
    this.#broken = forGood
  }
}

/**
 * A pipe is opened again through /proc with O_NONBLOCK, which leaves the descriptor that other
 * processes share as it is: a log collector that stalls must not stall DNS. Where that fails (no
 * /proc, a pipe of another user, sockets) fd 1 itself is used, and a full one may block.
 */
const openStdout = (): WriteBytes => {
  const fd = reopenPipe() ?? 1
  return (bytes, offset, length) => writeSync(fd, bytes, offset, length)
}

const reopenPipe = (): number | undefined => {
  try {
    return fstatSync(1).isFIFO()
      ? openSync('/proc/self/fd/1', constants.O_WRONLY | constants.O_NONBLOCK)
      : undefined
  } catch {
    // Not available here: the caller writes to fd 1, which is right in any case.
    return undefined
  }
}

/**
 * Standard output, for this thread: all loggers of a thread share it, so that lines keep their
 * order.
 */
export const stdout = new LogSink()

/** A logger whose lines read `[LEVEL] PREFIX TEXT`; `prefix` is such as `plugin/cache: ` or ''. */
export const makeLogger = (
  sink: Pick<LineSink, 'raw'>,
  prefix: string,
  isDebug: () => boolean,
): Logger => ({
  debug(text) {
    if (isDebug()) sink.raw(`[DEBUG] ${prefix}${text}`)
  },
  info: text => sink.raw(`[INFO] ${prefix}${text}`),
  warning: text => sink.raw(`[WARNING] ${prefix}${text}`),
  error: text => sink.raw(`[ERROR] ${prefix}${text}`),
})
