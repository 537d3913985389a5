// One hosts file with its inline entries, on the main thread: reads it when it has changed, and keeps its records. It outlives reloads as long as
// the same file is asked for in the same way.

import type { BigIntStats } from 'node:fs'
import { open, stat } from 'node:fs/promises'
import type { Kept, Resources } from '../../core/control-scope.ts'
import type { Logger } from '../../core/logger.ts'
import { ZoneSet } from '../../core/zones.ts'
import { goQuote } from '../../corefile/quote.ts'
import type { RecordsRef } from '../../records/layout.ts'
import type { RecordsMap } from '../../records/map.ts'
import { recordsOf } from './host-records.ts'
import { type HostsEntry, parseHosts } from './hosts-file.ts'
import { type HostsChange, HostsPublisher } from './publisher.ts'

/** A larger file is refused: reading it would hold up the main thread for seconds. Some two million entries. */
export const MAX_FILE_BYTES = 64 * 1024 * 1024

export interface SourceOptions {
  readonly path: string
  readonly zones: readonly string[]
  readonly inline: readonly string[]
  readonly autoReverse: boolean
}

/** What `stat` says of a file as long as it is the same one with the same contents: a swap shows even if size and time are made equal. */
const versionOf = ({ dev, ino, mtimeNs, ctimeNs, size }: BigIntStats): string => `${dev} ${ino} ${mtimeNs} ${ctimeNs} ${size}`

export type Follower = (change: HostsChange) => void

export class HostsSource implements Kept {
  readonly #options: SourceOptions
  readonly #log: Logger
  readonly #zones: ZoneSet
  readonly #inline: readonly HostsEntry[]
  readonly #map: RecordsMap
  readonly #publisher: HostsPublisher
  readonly #followers = new Set<Follower>()
  #served: Follower | undefined
  #entries = 0
  /** Of the file when it was read, or found too large. */
  #version = ''
  #parsedMtimeNs: bigint | undefined
  /** Whether the file as it is has not all found room, and is to be tried once more. */
  #isOwed = false
  #isIncomplete = false
  #isDisposed = false
  #running: Promise<unknown> = Promise.resolve()
  #waiting: Promise<boolean> | undefined
  #isForced = false

  constructor(options: SourceOptions, resources: Resources, log: Logger) {
    this.#options = options
    this.#log = log
    this.#zones = new ZoneSet(options.zones)
    this.#inline = parseHosts(options.inline.join('\n'), this.#zones)
    this.#map = mapFrom(resources)
    this.#publisher = new HostsPublisher(this.#map)
    this.#report(this.#publish([]), false)
  }

  /** Of the inline entries alone until the file could be read. */
  get records(): RecordsRef {
    return this.#map.ref
  }

  /** Entries, and the file's modification time; undefined until the file could be read. */
  get parsed(): { readonly entries: number; readonly modifiedSeconds: number } | undefined {
    if (this.#parsedMtimeNs === undefined) return undefined
    return { entries: this.#entries, modifiedSeconds: Number(this.#parsedMtimeNs / 1000n) / 1e6 }
  }

  /** Calls `follower` after each change that shards can see. Returns what ends that. */
  follow(follower: Follower): () => void {
    this.#followers.add(follower)
    return () => void this.#followers.delete(follower)
  }

  /** A follower's generation is served now. The last one of them is told, too, when all that shards could see has gone: see dispose. */
  serve(follower: Follower): void {
    this.#served = follower
  }

  get wasServed(): boolean {
    return this.#served !== undefined
  }

  /** All that shards can read now. */
  everything(): HostsChange {
    return this.#publisher.everything()
  }

  /**
   * Reads the file if it is another one than the last time, or has changed, or if it is `forced`, and says whether it was read. A file that is
   * missing or cannot be read leaves things as they are: it may be in the middle of being replaced. One refresh is under way at a time, and one
   * more at most waits for its end. Never rejects.
   */
  refresh(forced = false): Promise<boolean> {
    this.#isForced ||= forced
    this.#waiting ??= this.#running.then(() => {
      this.#waiting = undefined
      const next = this.#tryRefresh(this.#isForced)
      this.#isForced = false
      this.#running = next
      return next
    })
    return this.#waiting
  }

  dispose(): void {
    this.#isDisposed = true
    this.#served?.(this.everything())
    this.#followers.clear()
    this.#map.drop()
  }

  async #tryRefresh(isForced: boolean): Promise<boolean> {
    try {
      return await this.#refresh(isForced)
    } catch {
      // Set-up has warned of a missing file; a file that vanishes later keeps its entries, as in CoreDNS.
      return false
    }
  }

  async #refresh(isForced: boolean): Promise<boolean> {
    const { path } = this.#options
    const found = await stat(path, { bigint: true })
    // Opening a pipe would wait for its writer.
    if (!found.isFile()) return false
    const version = versionOf(found)
    const isSame = version === this.#version
    if (isSame && !isForced && !this.#isOwed) return false
    if (found.size > MAX_FILE_BYTES) {
      this.#version = version
      this.#isOwed = false
      this.#log.error(`Hosts file ${goQuote(path)} is larger than ${MAX_FILE_BYTES} bytes: not read`)
      return false
    }
    const text = await readAtMost(path, MAX_FILE_BYTES)
    if (this.#isDisposed) return false
    const isRetry = isSame && this.#isOwed
    const refused = this.#publish(parseHosts(text, this.#zones))
    this.#report(refused, isRetry)
    // What has been replaced makes room only a moment later, so a second try may do; a third one would not.
    this.#isOwed = refused > 0 && !isRetry
    this.#version = version
    this.#parsedMtimeNs = found.mtimeNs
    this.#log.debug(`Parsed hosts file into ${this.#entries} entries`)
    return true
  }

  /** Gives the number of keys for which there was no room. */
  #publish(file: readonly HostsEntry[]): number {
    const records = recordsOf(file, this.#inline, this.#options.autoReverse)
    const { refused, ...change } = this.#publisher.publish(records)
    this.#entries = records.entries
    // What no shard could see has not changed.
    if (change.keys.length > 0 && this.wasServed) for (const follower of this.#followers) follower(change)
    return refused
  }

  /** A retry that fails says nothing new. */
  #report(refused: number, isRetry: boolean): void {
    const file = goQuote(this.#options.path)
    if (refused > 0 && !isRetry) {
      const missing = `${refused} names or addresses of hosts file ${file} are missing or out of date`
      this.#log.error(`the records memory is full: ${missing}; raise --records-bytes`)
    } else if (refused === 0 && this.#isIncomplete) {
      this.#log.info(`the records memory has room for all of hosts file ${file} again`)
    }
    this.#isIncomplete = refused > 0
  }
}

const mapFrom = (resources: Resources): RecordsMap => {
  try {
    return resources.newRecords()
  } catch (error) {
    if (error instanceof RangeError) throw new Error(`${error.message}; raise --records-bytes`, { cause: error })
    throw error
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
