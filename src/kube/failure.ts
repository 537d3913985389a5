// The sentence for what keeps a resource from being in step, and the rule for when it is logged: once, until it changes or things work again.

import { messageOf } from '../core/errors.ts'
import type { Logger } from '../core/logger.ts'
import type { Resource, Verb } from './ask.ts'
import { KubeError } from './kube-error.ts'

export function failureSentence(error: unknown, resource: Resource, verb: Verb): string {
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

export class FailureLog {
  readonly #log: Logger
  readonly #name: string
  #failure: string | undefined
  #logged = ''

  constructor(log: Logger, name: string) {
    this.#log = log
    this.#name = name
  }

  get current(): string | undefined {
    return this.#failure
  }

  /** `isServing`: there is an older state to go on with. */
  fail(sentence: string, isServing: boolean): void {
    this.#failure = sentence
    // Versions, ports and times in it do not make it another failure.
    const distinct = sentence.replace(/\d+/g, '#')
    if (distinct === this.#logged) return
    this.#logged = distinct
    if (isServing) this.#log.warning(`${sentence} (what is known stays in use)`)
    else this.#log.error(sentence)
  }

  succeed(): void {
    if (this.#failure !== undefined) this.#log.info(`${this.#name}: in step with the API server again`)
    this.#failure = undefined
    this.#logged = ''
  }
}
