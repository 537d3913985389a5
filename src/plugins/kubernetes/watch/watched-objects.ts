// The objects of one kind that the API server has: a trimmed text for each, by namespace and name.
// A list works by mark and sweep: an object that it does not name is removed at its end, not
// before. Only the owner knows what a text means.

import type { KubeObject } from '../../../kube/kube-object.ts'
import type { Sink } from '../../../kube/sink.ts'
import type { Logger } from '../../../log/logger.ts'
import { isLabelText } from '../records/record-keys.ts'
import { partOf, shown } from './objects/json-parts.ts'
import type { Trimmed } from './objects/service-text.ts'

export interface WatchedKind {
  /** The name of the kind in log lines. */
  readonly what: string
  readonly isNamespaced: boolean
  /** Whether an object's name is part of DNS names. */
  readonly isLabel: boolean
  /**
   * Takes the object's namespace in lower case, or the name of a namespace itself. Objects that are
   * not accepted are ignored.
   */
  accepts(namespace: string): boolean
  /** Whether this version of the object is to be ignored. */
  ignores?(object: KubeObject): boolean
  trim(object: KubeObject): Trimmed
  /**
   * `object` comes from a watch. It is undefined for an object of a list, and for one that is gone.
   * The new text can be read already.
   */
  changed(
    id: string,
    was: string | undefined,
    is: string | undefined,
    object: KubeObject | undefined,
  ): void
  listBegan?(): void
  listEnded?(): void
  flush(): void
}

/** The longest name that the API server allows, that of a DNS subdomain. */
const MAX_NAME_CHARACTERS = 253

export class WatchedObjects implements Sink {
  readonly #kind: WatchedKind
  readonly #log: Logger
  readonly #texts = new Map<string, string>()
  /** The faults that were logged, so that each is logged once. */
  readonly #reasons = new Map<string, string>()
  /** The objects that the list under way has named so far. */
  #listed: Set<string> | undefined

  constructor(kind: WatchedKind, log: Logger) {
    this.#kind = kind
    this.#log = log
  }

  /** Trimmed text of the object `NAMESPACE/NAME` (or `NAME`), in lower case. */
  get(id: string): string | undefined {
    return this.#texts.get(id)
  }

  get isListing(): boolean {
    return this.#listed !== undefined
  }

  /** An earlier list that has not ended is ignored. */
  listBegins(): void {
    this.#listed = new Set()
    this.#kind.listBegan?.()
  }

  put(object: KubeObject): void {
    const id = this.#idOf(object)
    if (id === undefined) return
    this.#listed?.add(id)
    if (this.#kind.ignores?.(object)) return
    const { text, reason } = this.#kind.trim(object)
    this.#say(id, reason)
    this.#set(id, text, this.isListing ? undefined : object)
  }

  remove(object: KubeObject): void {
    const id = this.#idOf(object)
    if (id === undefined) return
    this.#listed?.delete(id)
    this.#reasons.delete(id)
    this.#set(id, undefined, undefined)
  }

  listEnds(): void {
    const listed = this.#listed
    if (listed === undefined) return
    this.#listed = undefined
    for (const id of this.#reasons.keys()) if (!listed.has(id)) this.#reasons.delete(id)
    for (const id of this.#texts.keys()) if (!listed.has(id)) this.#set(id, undefined, undefined)
    this.#kind.listEnded?.()
  }

  flush(): void {
    this.#kind.flush()
  }

  #set(id: string, text: string | undefined, object: KubeObject | undefined): void {
    const was = this.#texts.get(id)
    if (was === text) return
    if (text === undefined) this.#texts.delete(id)
    else this.#texts.set(id, text)
    this.#kind.changed(id, was, text, object)
  }

  #idOf(object: KubeObject): string | undefined {
    const name = partOf(partOf(object, 'metadata'), 'name')
    const namespace = this.#kind.isNamespaced
      ? partOf(partOf(object, 'metadata'), 'namespace')
      : name
    if (typeof namespace !== 'string' || !isLabelText(namespace))
      return this.#refuse(`namespace ${shown(namespace)} is no label`)
    if (!this.#kind.accepts(namespace.toLowerCase())) return undefined
    if (!this.#isName(name)) return this.#refuse(`${shown(name)} is no name`)
    return (this.#kind.isNamespaced ? `${namespace}/${name}` : name).toLowerCase()
  }

  #isName(name: unknown): name is string {
    if (typeof name !== 'string' || name === '' || name.length > MAX_NAME_CHARACTERS) return false
    return !this.#kind.isLabel || isLabelText(name)
  }

  /** For objects without a valid id. One line is enough for all with the same fault. */
  #refuse(reason: string): undefined {
    this.#say('', reason)
  }

  #say(id: string, reason: string): void {
    if (reason === '') this.#reasons.delete(id)
    else if (this.#reasons.get(id) !== reason) {
      this.#reasons.set(id, reason)
      this.#log.warning(`${this.#kind.what}${id === '' ? '' : ` ${id}`}: ${reason}`)
    }
  }
}
