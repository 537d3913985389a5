// The objects of one kind that the API server has said there are: a trimmed text for each, by
// namespace and name. Lists are marked and swept, so that what a list does not name is gone at its
// end and not before. What texts mean is the owner's business.

import type { KubeObject } from '../../../kube/kube-object.ts'
import type { Sink } from '../../../kube/sink.ts'
import type { Logger } from '../../../log/logger.ts'
import { isLabelText } from '../records/record-keys.ts'
import { partOf, shown } from './json-parts.ts'
import type { Trimmed } from './service-text.ts'

export interface WatchedKind {
  /** As log lines call an object of it. */
  readonly what: string
  readonly isNamespaced: boolean
  /** Whether its name is part of names in DNS. */
  readonly isLabel: boolean
  /**
   * Of the object's namespace in lower case; of a namespace its name. What is not accepted is not
   * looked at.
   */
  accepts(namespace: string): boolean
  /** Whether what is known of the object stays as it is. */
  ignores?(object: KubeObject): boolean
  trim(object: KubeObject): Trimmed
  /**
   * `object` is what the watch brought; undefined for a list, and for what is gone. The new text
   * can be read already.
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

/** A name of the API server is a DNS subdomain at most. */
const MAX_NAME_CHARACTERS = 253

export class WatchedObjects implements Sink {
  readonly #kind: WatchedKind
  readonly #log: Logger
  readonly #texts = new Map<string, string>()
  /** What was said of objects that something is wrong with, so that it is said once. */
  readonly #reasons = new Map<string, string>()
  /** What the list under way has named so far. */
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

  /** A list that never came to its end counts for nothing. */
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

  /** Objects without a place are not told apart: of many with the same fault one line is enough. */
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
