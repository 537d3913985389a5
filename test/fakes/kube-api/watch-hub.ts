// All open watches: who gets which change, the bookmarks' clock, time-outs, and what a test does to
// watches from outside.

import type { Encoding } from './encoding.ts'
import { readRevision } from './list.ts'
import { isTrue } from './request-path.ts'
import { findResource, type Resource } from './resources.ts'
import { Selection } from './selection.ts'
import { invalidListOptions, tooLarge, tooOld } from './status-error.ts'
import type { Store } from './store.ts'
import { Watch, type WatchStream } from './watch.ts'

const INITIAL_EVENTS_END = { 'k8s.io/initial-events-end': 'true' }
const TIMER_LIMIT_SECONDS = 2_000_000

export interface WatchHubOptions {
  readonly bookmarkEveryMs: number
  /** For watches that name no timeoutSeconds. */
  readonly watchTimeoutSeconds: number
  /** Whether `sendInitialEvents` is understood. */
  readonly streamingLists: boolean
  readonly sendsTwice: () => boolean
  /** As `Faults.heldList`. */
  readonly heldList: () => { readonly sent: () => Promise<void> } | undefined
}

export interface WatchRequest {
  readonly resource: Resource
  readonly namespace: string
  readonly query: URLSearchParams
  readonly encoding: Encoding
  readonly openStream: () => WatchStream
}

interface Start {
  readonly isPresent: boolean
  readonly endsInitial: boolean
  readonly revision: number
}

interface Waiter {
  readonly isMet: () => boolean
  readonly resolve: () => void
}

export class WatchHub {
  readonly #store: Store
  readonly #options: WatchHubOptions
  /** Each with what ends it. */
  readonly #open = new Map<Watch, () => void>()
  readonly #waiters = new Set<Waiter>()
  readonly #ticker: NodeJS.Timeout

  constructor(store: Store, options: WatchHubOptions) {
    this.#store = store
    this.#options = options
    this.#ticker = setInterval(() => this.bookmark(), options.bookmarkEveryMs)
    this.#ticker.unref()
  }

  /**
   * Throws a StatusError before it takes the stream. Returns what must be called when the client
   * has gone.
   */
  open({ resource, namespace, query, encoding, openStream }: WatchRequest): () => void {
    const selection = new Selection(resource, namespace, query)
    const wantsBookmarks = isTrue(query.get('allowWatchBookmarks'))
    const start = this.#start(query)
    const seconds = Number(query.get('timeoutSeconds') ?? 0) || this.#options.watchTimeoutSeconds
    const { sendsTwice } = this.#options
    const watch = new Watch(openStream(), {
      resource,
      selection,
      wantsBookmarks,
      encoding,
      sendsTwice,
    })
    const table = this.#store.table(resource)
    if (!start.isPresent && table.since(start.revision) === undefined) {
      watch.fail(tooOld(start.revision, table.floor))
      return () => {}
    }
    const timer = setTimeout(
      () => this.#expire(watch),
      Math.min(seconds, TIMER_LIMIT_SECONDS) * 1000,
    )
    timer.unref()
    let unlisten = (): void => undefined
    const close = (): void => {
      clearTimeout(timer)
      unlisten()
      this.#open.delete(watch)
      this.#wake()
    }
    const follow = (): void => {
      if (!this.#open.has(watch)) return
      this.#tellStart(watch, start, start.endsInitial && wantsBookmarks)
      unlisten = table.listen(change => {
        if (change.revision > start.revision) watch.deliver([change])
      })
    }
    this.#open.set(watch, close)
    this.#wake()
    const held = start.endsInitial ? this.#options.heldList() : undefined
    if (held === undefined) follow()
    else {
      // What has been told twice is told as it is then.
      const now = table.now()
      watch.present(now.slice(0, now.length >> 1))
      void held.sent().then(follow)
    }
    return close
  }

  /** Everything there is, or everything since. */
  #tellStart(watch: Watch, { isPresent, revision }: Start, marksEnd: boolean): void {
    const table = this.#store.table(watch.resource)
    if (!isPresent) watch.deliver(table.since(revision) ?? [])
    else watch.present(table.now())
    if (marksEnd) watch.bookmark(this.#store.revision, INITIAL_EVENTS_END)
  }

  /** From where on, and whether the present state is told first. */
  #start(query: URLSearchParams): Start {
    const text = query.get('resourceVersion') ?? ''
    const match = query.get('resourceVersionMatch') ?? ''
    const revision = readRevision(text)
    const initial = query.get('sendInitialEvents')
    if (initial === null && match !== '')
      throw invalidListOptions(
        'resourceVersionMatch: Forbidden: resourceVersionMatch is forbidden for watch',
      )
    if (initial === null) return { isPresent: revision === 0, endsInitial: false, revision }
    const forbidden = 'sendInitialEvents: Forbidden: sendInitialEvents'
    if (!this.#options.streamingLists)
      throw invalidListOptions(
        `${forbidden} is forbidden for watch unless the WatchList feature gate is enabled`,
      )
    if (match !== 'NotOlderThan')
      throw invalidListOptions(
        'resourceVersionMatch: Forbidden: sendInitialEvents requires setting resourceVersionMatch to NotOlderThan',
      )
    if (revision > this.#store.revision) throw tooLarge(revision, this.#store.revision)
    if (isTrue(initial)) return { isPresent: true, endsInitial: true, revision: 0 }
    return {
      isPresent: false,
      endsInitial: false,
      revision: revision === 0 ? this.#store.revision : revision,
    }
  }

  #expire(watch: Watch): void {
    if (watch.wantsBookmarks) watch.bookmark(this.#store.revision)
    watch.end()
    this.#open.get(watch)?.()
  }

  /** Open watches, of a resource if it is named. */
  count(resource?: string): number {
    return this.#of(resource).length
  }

  /** Resolves once there are so many. */
  whenOpen(count: number, resource?: string): Promise<void> {
    return this.#when(() => this.count(resource) >= count)
  }

  /** Resolves once there are none, of a resource if it is named. */
  whenGone(resource?: string): Promise<void> {
    return this.#when(() => this.count(resource) === 0)
  }

  async #when(isMet: () => boolean): Promise<void> {
    if (isMet()) return
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#waiters.add({ isMet, resolve })
    await promise
  }

  #wake(): void {
    for (const waiter of this.#waiters) {
      if (!waiter.isMet()) continue
      this.#waiters.delete(waiter)
      waiter.resolve()
    }
  }

  #of(name: string | undefined): Watch[] {
    const resource = name === undefined ? undefined : findResource(name)
    return [...this.#open.keys()].filter(watch => name === undefined || watch.resource === resource)
  }

  /** Sends a bookmark to every watch that wants them. */
  bookmark(): void {
    for (const watch of this.#open.keys())
      if (watch.wantsBookmarks) watch.bookmark(this.#store.revision)
  }

  /** Breaks watches, in the middle of a line if wanted. Returns how many. */
  reset(options: { readonly resource?: string; readonly midLine?: boolean } = {}): number {
    const watches = this.#of(options.resource)
    for (const watch of watches) {
      if (options.midLine) watch.breakMidLine()
      else watch.reset()
      this.#open.get(watch)?.()
    }
    return watches.length
  }

  /** Ends watches in good order, before their time. Returns how many. */
  end(resource?: string): number {
    const watches = this.#of(resource)
    for (const watch of watches) this.#expire(watch)
    return watches.length
  }

  /** Tells watches that their revision is too old. Returns how many. */
  expire(resource?: string): number {
    const watches = this.#of(resource)
    for (const watch of watches) {
      watch.fail(tooOld(this.#store.table(watch.resource).floor, this.#store.revision))
      this.#open.get(watch)?.()
    }
    return watches.length
  }

  /** Not a byte more to those that are open; later ones are served. Returns how many. */
  silence(resource?: string): number {
    const watches = this.#of(resource)
    for (const watch of watches) watch.silence()
    return watches.length
  }

  /** Sends text as it is. Returns to how many. */
  garble(text: string, resource?: string): number {
    const watches = this.#of(resource)
    for (const watch of watches) watch.garble(text)
    return watches.length
  }

  close(): void {
    clearInterval(this.#ticker)
    for (const close of [...this.#open.values()]) close()
  }
}
