// Reads the hosts file when it has changed, and builds tables from it and the inline entries. Runs on the main thread.

import { open, stat } from 'node:fs/promises'
import type { Logger } from '../../core/logger.ts'
import { ZoneSet } from '../../core/zones.ts'
import { goQuote } from '../../corefile/quote.ts'
import { type HostsEntry, parseHosts } from './hosts-file.ts'
import { type BuiltTable, buildTable } from './table.ts'

/** A larger file is refused: reading it would hold up the main thread for seconds. Some two million entries. */
export const MAX_FILE_BYTES = 64 * 1024 * 1024

export interface SourceOptions {
  readonly path: string
  readonly zones: readonly string[]
  readonly inline: readonly string[]
  readonly autoReverse: boolean
}

interface Reading {
  readonly mtimeNs: bigint
  readonly size: bigint
}

export class HostsSource {
  readonly #options: SourceOptions
  readonly #log: Logger
  readonly #zones: ZoneSet
  readonly #inline: readonly HostsEntry[]
  #table: BuiltTable
  #last: Reading | undefined
  #isRefreshing = false
  #parsedMtimeNs: bigint | undefined

  constructor(options: SourceOptions, log: Logger) {
    this.#options = options
    this.#log = log
    this.#zones = new ZoneSet(options.zones)
    this.#inline = parseHosts(options.inline.join('\n'), this.#zones)
    this.#table = buildTable([], this.#inline, options.autoReverse)
  }

  /** The newest table; of the inline entries alone until the file could be read. */
  get table(): SharedArrayBuffer {
    return this.#table.buffer
  }

  /** Entries, and the file's modification time; undefined until the file could be read. */
  get parsed(): { readonly entries: number; readonly modifiedSeconds: number } | undefined {
    if (this.#parsedMtimeNs === undefined) return undefined
    return { entries: this.#table.entries, modifiedSeconds: Number(this.#parsedMtimeNs / 1000n) / 1e6 }
  }

  /**
   * Reads the file if its modification time or size differ from the last time, and says whether there is a new table. A file that is missing
   * or cannot be read leaves things as they are: it may be in the middle of being replaced. Does nothing while a refresh is under way.
   */
  async refresh(): Promise<boolean> {
    if (this.#isRefreshing) return false
    this.#isRefreshing = true
    try {
      return await this.#refresh()
    } catch {
      // Set-up has warned of a missing file; a file that vanishes later keeps its entries, as in CoreDNS.
      return false
    } finally {
      this.#isRefreshing = false
    }
  }

  async #refresh(): Promise<boolean> {
    const { path, autoReverse } = this.#options
    const found = await stat(path, { bigint: true })
    // Opening a pipe would wait for its writer.
    if (!found.isFile() || (found.mtimeNs === this.#last?.mtimeNs && found.size === this.#last.size)) return false
    if (found.size > MAX_FILE_BYTES) {
      this.#last = { mtimeNs: found.mtimeNs, size: found.size }
      this.#log.error(`Hosts file ${goQuote(path)} is larger than ${MAX_FILE_BYTES} bytes: not read`)
      return false
    }
    const text = await readAtMost(path, MAX_FILE_BYTES)
    this.#table = buildTable(parseHosts(text, this.#zones), this.#inline, autoReverse)
    this.#last = { mtimeNs: found.mtimeNs, size: found.size }
    this.#parsedMtimeNs = found.mtimeNs
    this.#log.debug(`Parsed hosts file into ${this.#table.entries} entries`)
    return true
  }
}

/** Reads a file that may grow meanwhile. */
const readAtMost = async (path: string, limit: number): Promise<string> => {
  await using file = await open(path)
  const chunks: Buffer[] = []
  let size = 0
  while (size < limit) {
    const { buffer, bytesRead } = await file.read({ buffer: Buffer.allocUnsafe(Math.min(1 << 20, limit - size)) })
    if (bytesRead === 0) break
    chunks.push(buffer.subarray(0, bytesRead))
    size += bytesRead
  }
  return Buffer.concat(chunks, size).toString('utf8')
}
