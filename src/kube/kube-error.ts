// What can go wrong between us and the API server, with a sentence that says what to fix. Which
// resource was asked for is added by failure.ts.

/**
 * `unreached`: no server answers at that address. `network`: the connection broke. `tls`: no trust.
 * `status`: an answer other than 200. `timeout`: silence. `body`: an answer that is not what the
 * API says. `credentials`: ours cannot be read or made. `aborted`: we stopped asking.
 */
export type KubeErrorKind =
  | 'unreached'
  | 'network'
  | 'tls'
  | 'status'
  | 'timeout'
  | 'body'
  | 'credentials'
  | 'aborted'

export interface KubeErrorParts {
  /** HTTP status, or the code of a Status object. */
  readonly status?: number | undefined
  /** From Retry-After. */
  readonly retryAfterMs?: number | undefined
  /**
   * The server asked for a new list: what it has does not reach back, or not forward, to our
   * resourceVersion.
   */
  readonly isExpired?: boolean
  /** The server's own words, '' if it said none. */
  readonly said?: string
  readonly cause?: unknown
}

export class KubeError extends Error {
  readonly kind: KubeErrorKind
  readonly status: number | undefined
  readonly retryAfterMs: number | undefined
  readonly isExpired: boolean
  readonly said: string

  constructor(
    kind: KubeErrorKind,
    message: string,
    { status, retryAfterMs, isExpired, said, cause }: KubeErrorParts = {},
  ) {
    super(message, cause === undefined ? undefined : { cause })
    this.name = 'KubeError'
    this.kind = kind
    this.status = status
    this.retryAfterMs = retryAfterMs
    this.isExpired = isExpired ?? false
    this.said = said ?? ''
  }

  /**
   * Somebody has to set something right: credentials, trust, rights, definitions. Or the server has
   * only begun, and does not know them yet.
   */
  get isRefusal(): boolean {
    return this.kind === 'tls' || this.kind === 'credentials' || REFUSALS.includes(this.status ?? 0)
  }
}

const REFUSALS: readonly number[] = [401, 403, 404]

/** The reason of an aborted signal as the error to throw. */
export const abortError = ({ reason }: AbortSignal): KubeError =>
  reason instanceof KubeError
    ? reason
    : new KubeError('aborted', 'the request was given up', { cause: reason })

const SAID_LIMIT = 300

interface StatusObject {
  readonly code?: unknown
  readonly message?: unknown
  readonly reason?: unknown
  readonly details?: {
    readonly causes?: readonly { readonly reason?: unknown }[] | null
    readonly retryAfterSeconds?: unknown
  } | null
}

/**
 * An error from a `Status` object (of an answer's body, or of an ERROR event of a watch); from
 * `httpStatus` where the object says nothing.
 */
export const statusError = (
  value: unknown,
  host: string,
  httpStatus?: number,
  retryAfterMs?: number,
): KubeError => {
  const { code, message, reason, details } = (
    typeof value === 'object' && value !== null ? value : {}
  ) as StatusObject
  const status = httpStatus ?? (typeof code === 'number' ? code : undefined)
  const said = typeof message === 'string' ? message.slice(0, SAID_LIMIT) : ''
  const causes = Array.isArray(details?.causes) ? details.causes : []
  const isFuture =
    causes.some(cause => cause?.reason === 'ResourceVersionTooLarge') ||
    said.includes('Too large resource version')
  const asked = details?.retryAfterSeconds
  return new KubeError(
    'status',
    `${host} answers ${status ?? 'with an error'}${said === '' ? '' : `: ${said}`}`,
    {
      status,
      said,
      isExpired: status === 410 || reason === 'Expired' || reason === 'Gone' || isFuture,
      retryAfterMs:
        retryAfterMs ?? (typeof asked === 'number' && asked > 0 ? asked * 1000 : undefined),
    },
  )
}
