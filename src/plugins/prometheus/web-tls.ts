// What `tls FILE` comes to on main: the web configuration in use, looked at every five seconds.

import { Renewal, type Tell } from '../../base/tls/renewal.ts'
import { ArgumentError, messageOf } from '../../chain/errors.ts'
import type { HttpTls, HttpTlsSettings, Kept } from '../../chain/plugin/control-scope.ts'
import type { Logger } from '../../log/logger.ts'
import { NoWebConfig, readWebConfig, type WebConfig } from './web-config.ts'

export const LOOK_INTERVAL_MS = 5000

/** Kept over reloads: one for each file. */
export class WebTls implements HttpTls, Kept {
  readonly identity: string
  readonly #renewal: Renewal<WebConfig>

  constructor(file: string) {
    this.identity = file
    this.#renewal = new Renewal(file, read => readWebConfig(file, read))
  }

  current(): HttpTlsSettings | undefined {
    const { inUse } = this.#renewal
    return inUse && { ...inUse.value.settings, version: inUse.version }
  }

  /**
   * At a load. A file that is not there is logged, as CoreDNS does: connections are closed until it
   * is. Throws ArgumentError for one that cannot be used.
   */
  load(log: Pick<Logger, 'error'> & Tell, wallMs: number): void {
    try {
      this.#renewal.load(log, wallMs)
    } catch (error) {
      if (error instanceof NoWebConfig) log.error(error.message)
      else throw new ArgumentError(messageOf(error), this.identity, { cause: error })
    }
  }

  look(log: Tell, wallMs: () => number, pause: (ms: number) => Promise<void>): Promise<void> {
    return this.#renewal.look(log, wallMs, pause)
  }

  dispose(): void {
    // It holds nothing but memory.
  }
}
