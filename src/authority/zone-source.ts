// One zone of a file, on the main thread: parsed in slices, put into the records memory once for
// all shards, and published by one store. If the file becomes invalid, or is removed, the old zone
// stays.

import { messageOf } from '../chain/errors.ts'
import type { ControlScope } from '../chain/plugin/control-scope.ts'
import { goQuote } from '../corefile/words/strconv.ts'
import type { Logger } from '../log/logger.ts'
import type { PreparedEntry, RecordsMap } from '../records/map.ts'
import { foldName, nameFromText } from '../wire/name.ts'
import { ZoneLoader } from '../zone/load-zone.ts'
import type { ZoneTree } from '../zone/tree.ts'
import { OpenFailure, ZoneFiles } from './zone-files.ts'
import { KIND_ZONE } from './zone-map.ts'
import { parseText, problemsText, unwantedText } from './zone-texts.ts'

/** Trees beyond this leave so much garbage that it is worth being collected at once. */
const LARGE_BYTES = 4 * 1024 * 1024

/**
 * When a file that has changed is taken: `start` for a configuration that begins to serve it,
 * `serial` if its SOA has another serial than the zone that is served, `changed` always.
 */
export type LoadRule = 'start' | 'serial' | 'changed'

export type LoadOutcome =
  | { readonly kind: 'loaded'; readonly serial: number }
  /** What is served is right. */
  | { readonly kind: 'same' }
  /** The file cannot be opened. */
  | { readonly kind: 'missing'; readonly message: string }
  /** The file is no zone, or is too large. */
  | { readonly kind: 'failed'; readonly message: string }

const SAME = { kind: 'same' } as const
const failed = (message: string): LoadOutcome => ({ kind: 'failed', message })

export interface ZoneSourceParts {
  readonly path: string
  /** In presentation form, in the letters that log lines show. */
  readonly origin: string
  readonly map: RecordsMap
  /** Called after work that has made much garbage. */
  readonly collectGarbage: () => void
}

class NoRoom extends Error {}

export class ZoneSource {
  readonly origin: string
  /** Lower case, in wire form: the key in the map. */
  readonly key: Uint8Array
  readonly #map: RecordsMap
  readonly #collectGarbage: () => void
  readonly #followers = new Set<() => void>()
  #served: (() => void) | undefined
  /** What the zone that is served was made of, and what was looked at last. */
  #made: ZoneFiles | undefined
  #seen: ZoneFiles | undefined
  #path: string
  #serial: number | undefined
  #wasMissing = false
  /** Whether the file as it is has found no room, and is to be tried once more. */
  #isOwed = false
  #isDisposed = false
  #running: Promise<unknown> = Promise.resolve()

  constructor({ path, origin, map, collectGarbage }: ZoneSourceParts) {
    this.#path = path
    this.origin = origin
    this.key = foldName(nameFromText(origin) ?? Uint8Array.of(0))
    this.#map = map
    this.#collectGarbage = collectGarbage
  }

  get path(): string {
    return this.#path
  }

  /** What was known of another file says nothing of this one. */
  set path(path: string) {
    if (path === this.#path) return
    this.#path = path
    this.#made = undefined
    this.#seen = undefined
  }

  /** Of the zone that is served; undefined if there is none yet. */
  get serial(): number | undefined {
    return this.#serial
  }

  /**
   * Reads the file if it, or what it includes, has changed since, and shows the zone. One at a
   * time. Never rejects.
   */
  refresh(rule: LoadRule): Promise<LoadOutcome> {
    const next = this.#running
      .then(() => this.#refresh(rule))
      .catch((error: unknown) => failed(messageOf(error)))
    this.#running = next
    return next
  }

  /** A look at the file, with the log lines of CoreDNS. */
  async look(rule: LoadRule, log: Logger): Promise<void> {
    const outcome = await this.refresh(rule)
    const [origin, path] = [goQuote(this.origin), goQuote(this.path)]
    if (outcome.kind === 'missing')
      log.error(`Failed to open zone ${origin} in ${path}: ${outcome.message}`)
    else if (outcome.kind === 'failed') log.error(`Parsing zone ${origin}: ${outcome.message}`)
    else if (outcome.kind === 'loaded')
      log.info(`Successfully reloaded zone ${origin} in ${path} with ${outcome.serial} SOA serial`)
  }

  /** `follower` is called at every change from now on, and at the end. */
  tell(follower: () => void): void {
    this.#followers.add(follower)
    this.#served = follower
  }

  /**
   * Tells the caches of a generation when the zone changes. To them a zone that a reload of the
   * Corefile brings is one that has changed; at the start of the process they hold nothing.
   */
  markChanges(scope: Pick<ControlScope, 'changes' | 'onStart' | 'onRetire' | 'process'>): void {
    const mark = (): void => scope.changes.markZone(this.key)
    const isNews = !scope.process.isFirstLoad && this.#served === undefined
    this.#followers.add(mark)
    scope.onRetire(() => void this.#followers.delete(mark))
    scope.onStart(() => {
      this.#served = mark
      if (isNews) mark()
    })
  }

  /** It is not served any more: takes it out of the map, unless that is dropped as a whole. */
  dispose({ isMapDropped = false } = {}): void {
    this.#isDisposed = true
    if (!isMapDropped) this.#map.remove(KIND_ZONE, this.key)
    this.#served?.()
    this.#followers.clear()
  }

  async #refresh(rule: LoadRule): Promise<LoadOutcome> {
    const known = rule === 'start' ? this.#made : this.#seen
    if (this.#isDisposed || (!this.#isOwed && (await known?.areUnchanged()) === true)) return SAME
    const files = new ZoneFiles()
    let text: Uint8Array
    try {
      text = await files.read(this.path)
    } catch (error) {
      const isMissing = error instanceof OpenFailure
      this.#wasMissing ||= isMissing
      // A file that cannot be opened is said to be so at every look.
      if (!isMissing) this.#seen = files
      const message = messageOf(error)
      return isMissing
        ? { kind: 'missing', message }
        : failed(parseText(this.path, this.origin, message))
    }
    const outcome = await this.#load(files, text, rule)
    this.#seen = files
    return outcome
  }

  /** CoreDNS starts with no zone whose serial is 0. */
  #isWanted(serial: number, rule: LoadRule): boolean {
    if (this.#serial === undefined) return serial !== 0 || this.#wasMissing || rule !== 'start'
    return rule !== 'serial' || serial !== this.#serial
  }

  async #load(files: ZoneFiles, text: Uint8Array, rule: LoadRule): Promise<LoadOutcome> {
    const { path, origin, key } = this
    let prepared: PreparedEntry | undefined
    const loader = new ZoneLoader({
      file: path,
      origin: key,
      text,
      readFile: included => files.include(included),
      isWanted: serial => this.#isWanted(serial, rule),
      memory: bytes => {
        prepared = this.#map.prepare(KIND_ZONE, key, bytes)
        if (prepared === undefined) throw new NoRoom()
        return prepared
      },
    })
    try {
      while (!loader.slice()) {
        await nextTurn()
        if (this.#isDisposed) return SAME
      }
      if (loader.isUnwanted) return this.#unwanted(loader.serial)
      const { tree, problems } = loader
      if (tree === undefined) return failed(problemsText(path, origin, problems))
      const isShown = prepared !== undefined && this.#map.showEntry(prepared)
      if (!isShown) return this.#full()
      prepared = undefined
      return this.#shown(files, tree)
    } catch (error) {
      if (error instanceof NoRoom) return this.#full()
      throw error
    } finally {
      if (prepared !== undefined) this.#map.discardEntry(prepared)
    }
  }

  #unwanted(serial: number | undefined): LoadOutcome {
    if (this.#serial !== undefined) return SAME
    return failed(unwantedText(this.path, this.origin, serial))
  }

  #shown(files: ZoneFiles, { serial, size }: ZoneTree): LoadOutcome {
    this.#made = files
    this.#serial = serial
    this.#isOwed = false
    // What no shard could see has not changed.
    if (this.#served !== undefined) for (const follower of this.#followers) follower()
    if (size > LARGE_BYTES) this.#collectGarbage()
    return { kind: 'loaded', serial }
  }

  /** What has been replaced makes room a moment later: a second try may do, a third would not. */
  #full(): LoadOutcome {
    this.#isOwed = !this.#isOwed
    return failed(
      `the records memory has no room for zone ${goQuote(this.origin)} of ${goQuote(this.path)}: raise --records-bytes`,
    )
  }
}

const nextTurn = (): Promise<void> => new Promise(resolve => setImmediate(resolve))
