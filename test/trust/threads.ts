// Worker threads of a row: load and upstreams run in threads of their own, so that no clock waits
// for another's work.

import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import type { World } from './world.ts'

export class Thread {
  readonly #worker: Worker
  readonly #failed: Promise<never>
  #last: Promise<unknown> = Promise.resolve()

  /** Ends with the row. */
  constructor(world: World, module: URL, data: unknown) {
    this.#worker = new Worker(module, { workerData: data })
    this.#failed = once(this.#worker, 'error').then(([error]) => {
      throw error
    })
    // Whoever waits for a message sees it; until then it is nobody's unhandled rejection.
    this.#failed.catch(() => undefined)
    world.after(async () => void (await this.#worker.terminate()))
  }

  send(message: unknown): void {
    this.#worker.postMessage(message)
  }

  /** The next message of this kind; rejects if the thread fails. */
  told<Message extends { readonly kind: string }>(kind: Message['kind']): Promise<Message> {
    const { promise, resolve } = Promise.withResolvers<Message>()
    const look = (message: Message): void => {
      if (message.kind !== kind) return
      this.#worker.off('message', look)
      resolve(message)
    }
    this.#worker.on('message', look)
    return Promise.race([promise, this.#failed])
  }

  /** Sends a request and waits for the message of its kind; requests take their turns. */
  ask<Message extends { readonly kind: string }>(request: {
    readonly kind: Message['kind']
  }): Promise<Message> {
    const asked = this.#last.then(() => {
      const answer = this.told<Message>(request.kind)
      this.send(request)
      return answer
    })
    this.#last = asked.catch(() => undefined)
    return asked
  }
}
