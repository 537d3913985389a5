// What was asked, by whom and with what result: the last requests one by one, and all of them by
// verb, resource and code.

/** Older ones are in the totals only. */
const KEPT_REQUESTS = 10_000

/** CLOCK_MONOTONIC, so that other processes of this machine can compare. */
export const monotonicMs = (): number => Number(process.hrtime.bigint()) / 1e6

export interface LoggedRequest {
  readonly verb: string
  /** The plural; a path for what is no resource. */
  readonly resource: string
  readonly namespace: string
  readonly url: string
  readonly user: string
  /** 0: never answered. */
  readonly code: number
  /** By `monotonicMs`. */
  readonly atMs: number
}

export interface RequestFilter {
  readonly verb?: string
  readonly resource?: string
  readonly code?: number
}

export interface RequestTotal {
  readonly verb: string
  readonly resource: string
  readonly code: number
  readonly count: number
}

const fits = (filter: RequestFilter, one: RequestTotal | LoggedRequest): boolean =>
  (filter.verb ?? one.verb) === one.verb &&
  (filter.resource ?? one.resource) === one.resource &&
  (filter.code ?? one.code) === one.code

export class RequestLog {
  #recent: LoggedRequest[] = []
  readonly #totals = new Map<string, RequestTotal>()
  #waiters: { readonly isMet: () => boolean; readonly resolve: () => void }[] = []

  add(request: LoggedRequest): void {
    const { verb, resource, code } = request
    this.#recent.push(request)
    if (this.#recent.length >= 2 * KEPT_REQUESTS) this.#recent = this.#recent.slice(-KEPT_REQUESTS)
    const key = `${verb} ${resource} ${code}`
    this.#totals.set(key, { verb, resource, code, count: (this.#totals.get(key)?.count ?? 0) + 1 })
    const met = this.#waiters.filter(waiter => waiter.isMet())
    this.#waiters = this.#waiters.filter(waiter => !met.includes(waiter))
    for (const waiter of met) waiter.resolve()
  }

  /** Those that are kept, in order. */
  recent(filter: RequestFilter = {}): LoggedRequest[] {
    return this.#recent.filter(request => fits(filter, request))
  }

  /** Of all, since the start or since `clear`. */
  count(filter: RequestFilter = {}): number {
    let count = 0
    for (const total of this.#totals.values()) if (fits(filter, total)) count += total.count
    return count
  }

  get totals(): readonly RequestTotal[] {
    return [...this.#totals.values()]
  }

  /** Resolves once there have been so many. */
  async when(filter: RequestFilter, count = 1): Promise<void> {
    const isMet = (): boolean => this.count(filter) >= count
    if (isMet()) return
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#waiters.push({ isMet, resolve })
    await promise
  }

  clear(): void {
    this.#recent = []
    this.#totals.clear()
  }
}
