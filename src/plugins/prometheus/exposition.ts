// Renders all metrics once for all requests that come at the same time: only one rendering runs at
// a time, with a pause after each.

import { promisify } from 'node:util'
import { wait } from '../../base/time/timers.ts'
import type { HttpAnswer } from '../../chain/plugin/control-scope.ts'
import type { MetricRegistrar } from '../../metrics/registrar.ts'

/** node:zlib is loaded when somebody asks for it: the start does not wait for it. */
const compress = (bytes: Uint8Array): Promise<Uint8Array> =>
  promisify(process.getBuiltinModule('node:zlib').gzip)(bytes)

/** Pause after each rendering: the main thread does other work, and further requests gather. */
const REST_MS = 100

export class Exposition {
  readonly #metrics: Pick<MetricRegistrar, 'expose'>
  /**
   * Not started yet: a request that comes now may share it, since it will show all earlier events.
   */
  #next: Promise<Rendering> | undefined
  /** Until the next one may begin. Never rejects. */
  #busy: Promise<unknown> = Promise.resolve()

  constructor(metrics: Pick<MetricRegistrar, 'expose'>) {
    this.#metrics = metrics
  }

  /** As of now or later, never earlier. */
  async answer(acceptEncoding: string): Promise<HttpAnswer> {
    const rendering = await (this.#next ??= this.#busy.then(() => this.#render()))
    const { contentType } = rendering
    if (!acceptsGzip(acceptEncoding)) return { status: 200, contentType, body: rendering.plain }
    return { status: 200, contentType, body: await rendering.compressed(), contentEncoding: 'gzip' }
  }

  #render(): Promise<Rendering> {
    this.#next = undefined
    const rendering = this.#metrics
      .expose()
      .then(({ contentType, body }) => new Rendering(contentType, Buffer.from(body)))
    this.#busy = rendering.then(
      () => wait(REST_MS),
      () => wait(REST_MS),
    )
    return rendering
  }
}

class Rendering {
  readonly contentType: string
  readonly plain: Uint8Array
  #compressed: Promise<Uint8Array> | undefined

  constructor(contentType: string, plain: Uint8Array) {
    this.contentType = contentType
    this.plain = plain
  }

  compressed(): Promise<Uint8Array> {
    return (this.#compressed ??= compress(this.plain))
  }
}

/** Whether an Accept-Encoding header names gzip, and not only to refuse it (`gzip;q=0`). */
export const acceptsGzip = (acceptEncoding: string): boolean =>
  acceptEncoding
    .split(',')
    .some(part => /^\s*gzip\s*(;(?!\s*q\s*=\s*0(\.0*)?\s*$).*)?$/i.test(part))
