// One hosts file with its inline entries, on the main thread. Reads the file when it has changed,
// and keeps its records. It is kept over reloads while a Corefile asks for the same file in the
// same way.

import type { BigIntStats } from 'node:fs'
import { open, stat } from 'node:fs/promises'
import type { Kept, Resources } from '../../chain/plugin/control-scope.ts'
import { goQuote } from '../../corefile/words/strconv.ts'
import type { Logger } from '../../log/logger.ts'
import type { RecordsRef } from '../../records/layout.ts'
import type { RecordsMap } from '../../records/map.ts'
import type { HostsDraft } from './hosts-draft.ts'
import { HostsReader } from './hosts-file.ts'
import { type HostsChange, HostsPublisher } from './publisher.ts'

/** A larger file is refused. Some two million entries. */
export const MAX_FILE_BYTES = 64 * 1024 * 1024
/** Bytes that are read without a pause: a few milliseconds of main's time. */
const CHUNK_BYTES = 64 * 1024
/** Keys that followers get in one call. */
const PART_KEYS = 1024

export interface SourceOptions {
  readonly path: string
  readonly zones: readonly string[]
  readonly inline: readonly string[]
  readonly autoReverse: boolean
}

/**
 * The identity of a file and its contents, from `stat`. A replaced file is noticed even if size and
 * time are equal.
 */
const versionOf = ({ dev, ino, mtimeNs, ctimeNs, size }: BigIntStats): string =>
  `${dev} ${ino} ${mtimeNs} ${ctimeNs} ${size}`

export type Follower = (change: HostsChange) => void

export class HostsSource implements Kept {
  readonly #options: SourceOptions
  readonly #log: Logger
  readonly #map: RecordsMap
  readonly #publisher: HostsPublisher
  readonly #followers = new Set<Follower>()
  #served: Follower | undefined
  #entries = 0
  /** The version of the file when it was read, or found too large. */
  #version = ''
  #parsedMtimeNs: bigint | undefined
  /** Whether the present file did not fit, and is to be tried once more. */
  #isOwed = false
  #isRefused = false
  #isDisposed = false
  #running: Promise<unknown> = Promise.resolve()
  #waiting: Promise<boolean> | undefined
  #isForced = false

  constructor(options: SourceOptions, resources: Resources, log: Logger) {
    this.#options = options
    this.#log = log
    this.#map = mapFrom(resources)
    this.#publisher = new HostsPublisher(this.#map)
    this.#showInline()
  }

  /** The records. Until the file can be read they have the inline entries only. */
  get records(): RecordsRef {
    return this.#map.ref
  }

  /** The number of entries, and the file's modification time. Undefined until the file was read. */
  get parsed(): { readonly entries: number; readonly modifiedSeconds: number } | undefined {
    if (this.#parsedMtimeNs === undefined) return undefined
    return { entries: this.#entries, modifiedSeconds: Number(this.#parsedMtimeNs / 1000n) / 1e6 }
  }

  /** Calls `follower` after each change that shards can see. Returns a function that ends this. */
  follow(follower: Follower): () => void {
    this.#followers.add(follower)
    return () => void this.#followers.delete(follower)
  }

  /**
   * A follower's generation is served now. The last one of them is also told when all records have
   * gone: see dispose.
   */
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
   * Reads the file if it has changed or was replaced, or if `forced`. Resolves to whether it was
   * read. If the file is missing or cannot be read, nothing changes, since it may be about to be
   * replaced. One refresh runs at a time, and at most one more waits for its end. Never rejects.
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
      // Set-up has warned of a missing file; a file that vanishes later keeps its entries, as in
      // CoreDNS.
      return false
    }
  }

  async #refresh(isForced: boolean): Promise<boolean> {
    const { path } = this.#options
    const found = await stat(path, { bigint: true })
    if (this.#isDisposed) return false
    // Opening a pipe would wait for its writer.
    if (!found.isFile()) return false
    const version = versionOf(found)
    const isSame = version === this.#version
    if (isSame && !isForced && !this.#isOwed) return false
    if (found.size > MAX_FILE_BYTES) {
      this.#version = version
      this.#isOwed = false
      this.#log.error(
        `Hosts file ${goQuote(path)} is larger than ${MAX_FILE_BYTES} bytes: not read`,
      )
      return false
    }
    const isRetry = isSame && this.#isOwed
    const outcome = await this.#load(path)
    if (outcome === 'disposed') return false
    this.#version = version
    this.#report(outcome === 'full', isRetry)
    // The room of replaced records becomes free a moment later, so a second attempt may succeed. A
    // third one would not.
    this.#isOwed = outcome === 'full' && !isRetry
    if (outcome === 'full') return false
    this.#parsedMtimeNs = found.mtimeNs
    this.#log.debug(`Parsed hosts file into ${this.#entries} entries`)
    return true
  }

  /** Reads the file, and shows it if all of it fits. Main does other work meanwhile. */
  async #load(path: string): Promise<'shown' | 'full' | 'disposed'> {
    const draft = this.#publisher.draft(this.#options.autoReverse)
    if (draft === undefined) return 'full'
    let isShown = false
    try {
      const reader = new HostsReader(this.#options.zones, draft)
      for await (const chunk of chunksOf(path, MAX_FILE_BYTES)) {
        if (this.#isDisposed) return 'disposed'
        reader.read(chunk, chunk.length)
        if (draft.isFull) return 'full'
        if (draft.records.isCrowded && !(await this.#inTurns(draft.records.grow())))
          return 'disposed'
      }
      if (this.#isDisposed) return 'disposed'
      reader.end()
      this.#addInline(reader, draft)
      if (draft.isFull) return 'full'
      if (!(await this.#inTurns(this.#publisher.seal(draft)))) return 'disposed'
      isShown = true
      await this.#show(draft)
      return 'shown'
    } finally {
      if (!isShown) draft.records.discard()
    }
  }

  /**
   * Runs the steps in turns of the event loop. False if the source has been disposed of meanwhile,
   * since the records that a draft refers to are gone then.
   */
  async #inTurns(steps: Iterable<void>): Promise<boolean> {
    for (const _ of steps) {
      await nextTurn()
      if (this.#isDisposed) return false
    }
    return true
  }

  #addInline(reader: HostsReader, draft: HostsDraft): void {
    const inline = Buffer.from(this.#options.inline.join('\n'))
    draft.beginCorefile()
    reader.read(inline, inline.length)
    reader.end()
  }

  /**
   * The records until the file can be read. No query is served yet, so they are made synchronously.
   */
  #showInline(): void {
    const draft = this.#publisher.draft(this.#options.autoReverse)
    if (draft !== undefined) this.#addInline(new HostsReader(this.#options.zones, draft), draft)
    this.#report(draft?.isFull ?? true, false)
    if (draft?.isFull === true) draft.records.discard()
    if (draft === undefined || draft.isFull) return
    for (const _ of this.#publisher.seal(draft));
    this.#publisher.show(draft)
    this.#entries = draft.entries
  }

  async #show(draft: HostsDraft): Promise<void> {
    const change = this.#publisher.show(draft)
    this.#entries = draft.entries
    // Records that no shard could see have not changed.
    if (!this.wasServed) return
    for (const part of partsOf(change)) {
      for (const follower of this.#followers) follower(part)
      if (part.keys.length === PART_KEYS) await nextTurn()
    }
  }

  /** A retry that fails says nothing new. */
  #report(isFull: boolean, isRetry: boolean): void {
    const file = goQuote(this.#options.path)
    if (isFull && !isRetry) {
      this.#log.error(
        `the records memory has no room for hosts file ${file}: what it said before stays; raise --records-bytes`,
      )
    } else if (!isFull && this.#isRefused)
      this.#log.info(`the records memory has room for hosts file ${file} again`)
    this.#isRefused = isFull
  }
}

const mapFrom = (resources: Resources): RecordsMap => {
  try {
    return resources.newRecords()
  } catch (error) {
    if (error instanceof RangeError)
      throw new Error(`${error.message}; raise --records-bytes`, { cause: error })
    throw error
  }
}

const nextTurn = (): Promise<void> => new Promise(resolve => setImmediate(resolve))

/** Divides a change into the parts that followers get. */
function* partsOf(change: HostsChange): Generator<HostsChange> {
  const { keys, isLarge, hasWildcards } = change
  if (isLarge || hasWildcards) {
    yield change
    return
  }
  for (let at = 0; at < keys.length; at += PART_KEYS)
    yield { ...change, keys: keys.slice(at, at + PART_KEYS) }
}

/**
 * The contents of a file, which may grow meanwhile. Each chunk is valid until the next one is read.
 */
async function* chunksOf(path: string, limit: number): AsyncGenerator<Uint8Array> {
  const file = await open(path)
  try {
    const buffer = new Uint8Array(CHUNK_BYTES)
    for (let left = limit; left > 0; ) {
      const { bytesRead } = await file.read(buffer, 0, Math.min(CHUNK_BYTES, left))
      if (bytesRead === 0) return
      yield buffer.subarray(0, bytesRead)
      left -= bytesRead
    }
  } finally {
    await file.close()
  }
}
