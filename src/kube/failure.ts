// The sentence for what keeps a resource from being in step, and the rule for when it is logged:
// once, until it changes or things work again.

import { messageOf } from '../chain/errors.ts'
import type { Logger } from '../log/logger.ts'
import type { Resource, Verb } from './get.ts'
import { KubeError } from './kube-error.ts'

export const failureSentence = (error: unknown, resource: Resource, verb: Verb): string => {
  if (!(error instanceof KubeError)) return `${resource.name}: ${messageOf(error)}`
  const said = error.said === '' ? '' : `: ${error.said}`
  if (error.status === 403)
    return `${resource.name}: may not ${verb.toLowerCase()} ${resource.name} (403): the ClusterRole needs list and watch on ${resource.name} in API group "${apiGroup(resource.path)}"${said}`
  if (error.status === 404)
    return `${resource.name}: the API server does not know ${resource.path} (404): is this the API server, and are the definitions of ${resource.name} installed${said === '' ? '?' : `?${said.slice(1)}`}`
  return `${resource.name}: ${error.message}`
}

/** '' for `/api/v1/…`, GROUP for `/apis/GROUP/VERSION/…`. */
const apiGroup = (path: string): string => /^\/apis\/([^/]+)\//.exec(path)?.[1] ?? ''

/**
 * What the resources of one connection have said: a failure that they share is said by the first of
 * them, and not by the others.
 */
export class FailureBoard {
  /** By what they said. */
  readonly #speakers = new Map<string, FailureLog>()

  /** False if another one has said it, and nothing has changed since. */
  takes(text: string, speaker: FailureLog): boolean {
    const first = this.#speakers.get(text)
    if (first === undefined) this.#speakers.set(text, speaker)
    return first === undefined
  }

  /** True if it was that one who said it; then it may be said again, by any of them. */
  takesBack(text: string, speaker: FailureLog): boolean {
    return this.#speakers.get(text) === speaker && this.#speakers.delete(text)
  }
}

/**
 * A refusal is said when it has lasted that long: a server that has only begun refuses for a second
 * what it grants then.
 */
const LASTING_MS = 2000

export interface FailureTerms {
  /** There is an older state to go on with. */
  readonly isServing: boolean
  readonly isRefusal: boolean
  readonly nowMs: number
}

export class FailureLog {
  readonly #log: Logger
  readonly #name: string
  readonly #board: FailureBoard
  #failure: string | undefined
  #text = ''
  /** When it was met first. */
  #sinceMs = 0

  constructor(log: Logger, name: string, board = new FailureBoard()) {
    this.#log = log
    this.#name = name
    this.#board = board
  }

  get current(): string | undefined {
    return this.#failure
  }

  fail(sentence: string, { isServing, isRefusal, nowMs }: FailureTerms): void {
    this.#failure = sentence
    // Versions, ports and times in it do not make it another failure, and neither does the resource
    // that met it.
    const text = sentence.replace(`${this.#name}: `, '').replace(/\d+/g, '#')
    if (text !== this.#text) {
      this.#board.takesBack(this.#text, this)
      this.#sinceMs = nowMs
    }
    this.#text = text
    if (isRefusal && nowMs - this.#sinceMs < LASTING_MS) return
    if (!this.#board.takes(text, this)) return
    if (isServing) this.#log.warning(`${sentence} (what is known stays in use)`)
    else this.#log.error(sentence)
  }

  succeed(): void {
    this.#failure = undefined
    if (this.#board.takesBack(this.#text, this))
      this.#log.info(`${this.#name}: in step with the API server again`)
    this.#text = ''
  }
}
