// The zones of a folder on the main thread: they come and go with its files, without a reload of
// the Corefile.

import { newZoneMap } from '../../authority/kept-zone.ts'
import { NOTE_LABELS } from '../../authority/zone-map.ts'
import { type LoadRule, ZoneSource } from '../../authority/zone-source.ts'
import type { ControlScope, Kept, Resources } from '../../chain/plugin/control-scope.ts'
import type { Logger } from '../../log/logger.ts'
import type { RecordsMap } from '../../records/map.ts'
import { countLabels, nameFromText } from '../../wire/name.ts'
import type { Naming } from './options.ts'
import { filesIn, originReader } from './zone-names.ts'

/** Zones of one folder; further ones are passed over. */
const MOST_ZONES = 100_000

/** Told of a zone, in wire form and lower case, that has come, changed or gone. */
export type ZoneFollower = (origin: Uint8Array) => void

export interface FolderParts extends Naming {
  readonly directory: string
}

interface ZoneFile {
  readonly path: string
  readonly origin: string
}

export class ZoneFolder implements Kept {
  readonly map: RecordsMap
  readonly #directory: string
  readonly #originOf: (name: string) => string | undefined
  readonly #collectGarbage: () => void
  /** By origin in lower case. */
  readonly #zones = new Map<string, ZoneSource>()
  readonly #followers = new Set<ZoneFollower>()
  #served: ZoneFollower | undefined
  /** Complaints of the last scan: each is logged once. */
  #told = new Set<string>()
  #isDisposed = false
  #running: Promise<void> = Promise.resolve()

  constructor(
    parts: FolderParts,
    resources: Resources,
    { process }: Pick<ControlScope, 'process'>,
  ) {
    this.#directory = parts.directory
    this.#originOf = originReader(parts)
    this.#collectGarbage = () => process.collectGarbage()
    this.map = newZoneMap(resources)
  }

  /** Origins that are served. */
  get origins(): Uint8Array[] {
    return [...this.#zones.values()]
      .filter(({ serial }) => serial !== undefined)
      .map(({ key }) => key)
  }

  /** Returns what ends that. */
  follow(follower: ZoneFollower): () => void {
    this.#followers.add(follower)
    return () => void this.#followers.delete(follower)
  }

  /** A follower's generation is served now. The last of them is called at the end, too. */
  serve(follower: ZoneFollower): void {
    this.#served = follower
  }

  get wasServed(): boolean {
    return this.#served !== undefined
  }

  /**
   * Looks at the folder and at each of its files, at the `start` of a configuration or later. One
   * scan at a time. Never rejects.
   */
  scan(rule: 'start' | 'serial', log: Logger): Promise<void> {
    this.#running = this.#running.then(() => this.#scan(rule, log))
    return this.#running
  }

  dispose(): void {
    this.#isDisposed = true
    for (const origin of this.origins) this.#served?.(origin)
    this.#followers.clear()
    for (const source of this.#zones.values()) source.dispose({ isMapDropped: true })
    this.map.drop()
  }

  async #scan(rule: 'start' | 'serial', log: Logger): Promise<void> {
    const found = await this.#find(log)
    for (const [key, file] of found) {
      if (this.#isDisposed) return
      const known = this.#zones.get(key)
      const source = known ?? this.#newZone(key, file)
      source.path = file.path
      if (source.serial === undefined) await insert(source, known ? rule : 'start', log)
      else await source.look(rule, log)
    }
    if (this.#isDisposed) return
    for (const [key, source] of this.#zones) if (!found.has(key)) this.#remove(key, source, log)
  }

  /** The zone files that there are, by origin in lower case: the first of several counts. */
  async #find(log: Logger): Promise<Map<string, ZoneFile>> {
    const found = new Map<string, ZoneFile>()
    const told = new Set<string>()
    for await (const { path, name } of filesIn(this.#directory, log)) {
      if (this.#isDisposed) break
      const origin = this.#originOf(name)
      if (origin === undefined) continue
      const key = origin.toLowerCase()
      const problem = whyNot(found, key, { path, origin })
      if (problem === undefined) found.set(key, { path, origin })
      else if (!this.#told.has(problem)) log.warning(problem)
      if (problem !== undefined && told.size < MOST_ZONES) told.add(problem)
    }
    this.#told = told
    return found
  }

  #newZone(key: string, { path, origin }: ZoneFile): ZoneSource {
    const { map } = this
    const source = new ZoneSource({ path, origin, map, collectGarbage: this.#collectGarbage })
    source.tell(() => {
      // What no shard could see has not changed.
      if (this.wasServed) for (const follower of this.#followers) follower(source.key)
    })
    const labels = countLabels(source.key)
    if (labels > map.note(NOTE_LABELS)) map.setNote(NOTE_LABELS, labels)
    this.#zones.set(key, source)
    return source
  }

  #remove(key: string, source: ZoneSource, log: Logger): void {
    if (source.serial !== undefined) log.info(`Deleting zone \`${source.origin}'`)
    this.#zones.delete(key)
    source.dispose()
  }
}

/** Why a file is passed over; undefined: it is not. */
const whyNot = (
  found: ReadonlyMap<string, ZoneFile>,
  key: string,
  { path, origin }: ZoneFile,
): string | undefined => {
  if (nameFromText(origin) === undefined) return `Parse zone \`${origin}': this is no name: ${path}`
  const first = found.get(key)
  if (first !== undefined)
    return `Zone \`${origin}' is that of ${first.path}: ${path} is passed over`
  return found.size < MOST_ZONES
    ? undefined
    : `There are more than ${MOST_ZONES} zones: the others are passed over`
}

/** A zone that is not served yet: what is wrong with its file is said when it has changed. */
const insert = async (source: ZoneSource, rule: LoadRule, log: Logger): Promise<void> => {
  const outcome = await source.refresh(rule)
  const { origin, path } = source
  if (outcome.kind === 'loaded') log.info(`Inserting zone \`${origin}' from: ${path}`)
  else if (outcome.kind === 'failed') log.warning(`Parse zone \`${origin}': ${outcome.message}`)
  else if (outcome.kind === 'missing') log.warning(`Opening ${path} failed: ${outcome.message}`)
}
