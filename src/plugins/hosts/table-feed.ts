// How a new hosts table reaches the shards without a reload: main posts it on a BroadcastChannel of the plugin's own, each shard keeps the
// newest. One message per change of the file, carrying a reference to shared memory and no copy. A shard that starts later than the table
// it was booted with asks once. A table's memory is freed when the last thread has dropped it. Words reserved with ControlScope.shared would
// be fixed in size for the generation, and a hosts file is not; a table that is complete before it is seen needs no protocol for readers.

import { randomUUID } from 'node:crypto'
import { BroadcastChannel } from 'node:worker_threads'
import { HostsTable } from './table.ts'

/** What a shard needs to follow the tables: plain data for its boot message. */
export interface TableFeed {
  readonly channel: string
  readonly version: number
  readonly buffer: SharedArrayBuffer
}

interface Publication {
  readonly version: number
  readonly buffer: SharedArrayBuffer
}

interface Request {
  /** The version that the shard has. */
  readonly has: number
}

/** Main's end. Keeps no thread alive. */
export class TablePublisher {
  readonly #name = `hosts-${randomUUID()}`
  readonly #channel = new BroadcastChannel(this.#name)
  #latest: Publication

  constructor(buffer: SharedArrayBuffer) {
    this.#latest = { version: 1, buffer }
    this.#channel.onmessage = event => this.#onRequest(event.data as Request)
    this.#channel.unref()
  }

  get feed(): TableFeed {
    return { channel: this.#name, ...this.#latest }
  }

  publish(buffer: SharedArrayBuffer): void {
    this.#latest = { version: this.#latest.version + 1, buffer }
    this.#channel.postMessage(this.#latest)
  }

  close(): void {
    this.#channel.close()
  }

  #onRequest({ has }: Request): void {
    if (has < this.#latest.version) this.#channel.postMessage(this.#latest)
  }
}

/** A shard's end. Keeps no thread alive. */
export class TableReader {
  readonly #channel: BroadcastChannel
  #version: number
  #table: HostsTable

  constructor(feed: TableFeed) {
    this.#version = feed.version
    this.#table = new HostsTable(feed.buffer)
    this.#channel = new BroadcastChannel(feed.channel)
    this.#channel.onmessage = event => this.#onPublication(event.data as Publication | Request)
    this.#channel.unref()
    this.#channel.postMessage({ has: feed.version } satisfies Request)
  }

  /** The newest table that has arrived. */
  get table(): HostsTable {
    return this.#table
  }

  close(): void {
    this.#channel.close()
  }

  /** Requests of other shards come by here too. */
  #onPublication(message: Publication | Request): void {
    if (!('version' in message) || message.version <= this.#version) return
    this.#version = message.version
    this.#table = new HostsTable(message.buffer)
  }
}
