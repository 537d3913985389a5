// Certificates that are on their way to the shards, which say when they have taken one.

import type { TlsServing } from '../../chain/listening.ts'
import type { RunningShard } from './pool.ts'

type Secured = Pick<TlsServing, 'identity' | 'version'>

interface Sent extends Secured {
  readonly running: Pick<RunningShard, 'send'>
  readonly taken: () => void
}

export class Renewals {
  readonly #sent = new Set<Sent>()

  /** Resolves once the shard has taken it, or is gone: a successor begins with it. */
  async send(running: Pick<RunningShard, 'send' | 'exited'>, tls: TlsServing): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>()
    const { identity, version } = tls
    const sent = { running, identity, version, taken: resolve }
    this.#sent.add(sent)
    running.send({ kind: 'secure', tls })
    await Promise.race([promise, running.exited])
    this.#sent.delete(sent)
  }

  secured(running: Pick<RunningShard, 'send'>, { identity, version }: Secured): void {
    for (const sent of this.#sent)
      if (sent.running === running && sent.identity === identity && sent.version <= version)
        sent.taken()
  }
}
