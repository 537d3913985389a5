// Where a reflector puts objects, and a guard around it: values that are no objects are left out,
// and exceptions of the sink do not end the reflector.

import { messageOf } from '../chain/errors.ts'
import type { Logger } from '../log/logger.ts'
import { KubeError } from './kube-error.ts'
import { isKubeObject, type KubeObject } from './kube-object.ts'

export interface Sink {
  /**
   * What is not `put` until listEnds is gone. A list that fails is begun again: then this comes
   * twice without a listEnds between.
   */
  listBegins(): void
  /**
   * Of a list or a watch (ADDED, MODIFIED). In protobuf it is ObjectBytes, borrowed until this
   * returns; what it cannot be read for is thrown.
   */
  put(object: KubeObject): void
  remove(object: KubeObject): void
  listEnds(): void
  /** After each chunk of input: publish what has come. */
  flush(): void
}

/** Distinct complaints remembered between two lists; more of them are not logged. */
const COMPLAINT_LIMIT = 50
const EXCERPT_LENGTH = 80

export class GuardedSink {
  readonly #sink: Sink
  readonly #log: Logger
  /** The resource, for messages. */
  readonly #name: string
  readonly #complaints = new Set<string>()

  constructor(sink: Sink, log: Logger, name: string) {
    this.#sink = sink
    this.#log = log
    this.#name = name
  }

  listBegins(): void {
    this.#guard('a list', () => this.#sink.listBegins())
  }

  listEnds(): void {
    this.#complaints.clear()
    this.#guard('a list', () => this.#sink.listEnds())
  }

  flush(): void {
    this.#guard('objects', () => this.#sink.flush())
  }

  put(value: unknown): void {
    if (this.#isObject(value)) this.#guard(nameOf(value), () => this.#sink.put(value))
  }

  remove(value: unknown): void {
    if (this.#isObject(value)) this.#guard(nameOf(value), () => this.#sink.remove(value))
  }

  #isObject(value: unknown): value is KubeObject {
    if (isKubeObject(value)) return true
    this.complain('no-name', 'left out an object without metadata.name', JSON.stringify(value))
    return false
  }

  /** Logs a warning, once per `key` until the next list ends. */
  complain(key: string, text: string, excerpt?: string): void {
    if (this.#complaints.has(key) || this.#complaints.size >= COMPLAINT_LIMIT) return
    this.#complaints.add(key)
    const shown =
      excerpt === undefined
        ? ''
        : `: ${excerpt.slice(0, EXCERPT_LENGTH)}${excerpt.length > EXCERPT_LENGTH ? '…' : ''}`
    this.#log.warning(`${this.#name}: ${text}${shown}`)
  }

  #guard(what: string, run: () => void): void {
    try {
      run()
    } catch (error) {
      // The bytes that it was read from are damaged: that is the connection's business.
      if (error instanceof KubeError) throw error
      // One object that cannot be taken must not keep all others from being followed.
      const text = messageOf(error)
      this.complain(`sink ${text}`, `${what} could not be taken: ${text}`)
    }
  }
}

const nameOf = ({ metadata: { namespace, name } }: KubeObject): string =>
  `${typeof namespace === 'string' ? `${namespace}/` : ''}${name}`
