// One request as a stream of chunks. It ends when the server is silent for too long, and reports
// the result. The caller has waited for its turn (limiter.ts), and yields to the event loop after
// each chunk.

import type { Timers } from '../base/time/timers.ts'
import type { KubeConnection } from './connection.ts'
import { abortError, KubeError } from './kube-error.ts'
import type { Limiter } from './limiter.ts'
import { isProtobuf } from './protobuf/envelope.ts'

export type Verb = 'LIST' | 'WATCH'

export interface Resource {
  /** Plural, as RBAC calls it: `services`. */
  readonly name: string
  /** `/api/v1/services` */
  readonly path: string
  readonly labelSelector?: string
  readonly fieldSelector?: string
  /** Whether the server knows it in protobuf, as it does its own kinds, and the sink does too. */
  readonly hasProtobuf?: boolean
}

/**
 * `code` is undefined if there was no answer. `seconds`: from the request to the head of the
 * answer.
 */
export type Observe = (verb: Verb, code: number | undefined, seconds: number) => void

export interface AskParts {
  readonly connection: KubeConnection
  readonly resource: Resource
  readonly timers: Timers
  readonly limiter: Limiter
  readonly observe?: Observe | undefined
  /** Seconds that a request waited for its turn. */
  readonly observeWait?: ((seconds: number) => void) | undefined
}

export interface AskOptions {
  readonly verb: Verb
  readonly query: Readonly<Record<string, string>>
  /** Whether protobuf is understood. */
  readonly takesProtobuf: boolean
  /** The head of the answer must come within this. */
  readonly headMs: number
  /** The longest silence after it; asked again after each chunk. */
  readonly idleMs: () => number
  /** The head has come, and says whether the body is protobuf. */
  readonly onHead: (isProtobuf: boolean) => void
}

/** Chunks of the answer's body. Fails with a KubeError, of kind `aborted` if `stop` aborts. */
export async function* ask(
  parts: AskParts,
  options: AskOptions,
  stop: AbortSignal,
): AsyncGenerator<Uint8Array> {
  const { connection, resource, timers } = parts
  const { verb, headMs, idleMs, onHead, takesProtobuf } = options
  if (stop.aborted) throw abortError(stop)
  const given = new AbortController()
  const onStop = (): void => given.abort(abortError(stop))
  stop.addEventListener('abort', onStop)
  let cancel = (): void => undefined
  const within = (limitMs: number, silence: string): void => {
    cancel = timers.after(limitMs, () => given.abort(timeoutError(connection, silence, limitMs)))
  }
  let sentMs: number | undefined
  const onSend = (): void => {
    cancel()
    sentMs = timers.nowMs()
    within(headMs, verb === 'LIST' ? 'does not answer a list' : 'does not answer a watch')
  }
  const observe = (code: number | undefined): void => {
    if (sentMs !== undefined && !stop.aborted)
      parts.observe?.(verb, code, (timers.nowMs() - sentMs) / 1000)
  }
  try {
    const query = { ...selectors(resource), ...options.query }
    const response = await connection
      .get(resource.path, {
        signal: given.signal,
        query,
        onSend,
        accept: takesProtobuf ? PROTOBUF_OR_JSON : JSON_ALONE,
      })
      .catch((error: unknown) => {
        observe(error instanceof KubeError ? error.status : undefined)
        throw error
      })
    cancel()
    observe(response.status)
    const isInProtobuf = isProtobuf(response.contentType)
    if (isInProtobuf && !takesProtobuf) {
      const error = new KubeError(
        'body',
        `${connection.url.origin} answers in protobuf what was asked for in JSON`,
      )
      // Nobody reads the body: the connection ends here.
      given.abort(error)
      throw error
    }
    onHead(isInProtobuf)
    within(idleMs(), SILENCE[verb])
    for await (const chunk of response.body) {
      cancel()
      yield chunk
      within(idleMs(), SILENCE[verb])
    }
  } finally {
    cancel()
    stop.removeEventListener('abort', onStop)
  }
}

/** Kinds that a cluster defines for itself are to be had in JSON alone. */
const JSON_ALONE = 'application/json'
const PROTOBUF_OR_JSON = `application/vnd.kubernetes.protobuf,${JSON_ALONE};q=0.9`

const SILENCE = { LIST: 'stops in the middle of a list', WATCH: 'says nothing on a watch' }

const selectors = ({ labelSelector, fieldSelector }: Resource): Record<string, string> => ({
  ...(labelSelector === undefined || labelSelector === '' ? {} : { labelSelector }),
  ...(fieldSelector === undefined || fieldSelector === '' ? {} : { fieldSelector }),
})

const timeoutError = ({ url }: KubeConnection, silence: string, limitMs: number): KubeError =>
  new KubeError(
    'timeout',
    `${url.origin} ${silence} (${limitMs / 1000} s): is the API server overloaded, or something between cut off?`,
  )

/**
 * Waits for a turn; rejects with a KubeError if `stop` aborts first. Returns what gives the turn
 * back, harmless to call twice.
 */
export const takeTurn = async (
  { limiter, timers, observeWait }: AskParts,
  stop: AbortSignal,
): Promise<() => void> => {
  const askedMs = timers.nowMs()
  const release = await limiter.acquire(stop).catch(() => Promise.reject(abortError(stop)))
  observeWait?.((timers.nowMs() - askedMs) / 1000)
  return release
}

/** Lets everything else that waits on this thread have its turn. */
export const yieldToLoop = (): Promise<void> => new Promise(resolve => setImmediate(resolve))
