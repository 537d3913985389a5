// One check of the Corefile: whether it has changed, whether to load it, and what to log.

import type { ProcessControl } from '../../chain/plugin/control-scope.ts'
import type { Logger } from '../../log/logger.ts'

/** The hash of the last changed Corefile that was seen, loaded or not. */
export interface VersionInfo {
  hash: string | undefined
}

export interface CheckSetup {
  readonly process: Pick<
    ProcessControl,
    'readCorefile' | 'configHash' | 'reload' | 'isShuttingDown'
  >
  readonly log: Logger
  readonly version: VersionInfo
  onFailure(): void
}

/**
 * Makes the function to call at each tick. A call while another is at work does nothing, so no two
 * reloads overlap; content that failed to load is not tried again until it changes. The function
 * never rejects.
 */
export const makeCheck = (setup: CheckSetup): (() => Promise<void>) => {
  let isBusy = false
  let seenHash = setup.process.configHash
  const look = async (): Promise<void> => {
    const read = await setup.process.readCorefile()
    if (read === undefined) return
    if ('error' in read) {
      setup.log.warning(`Corefile parse failed: ${read.error}`)
      return
    }
    if (read.hash === seenHash || setup.process.isShuttingDown()) return
    seenHash = read.hash
    setup.version.hash = read.hash
    // A change back to what runs, after content that did not load.
    if (read.hash === setup.process.configHash) return
    const failure = await setup.process.reload()
    if (failure === undefined) return
    setup.log.error(`Corefile changed but reload failed: ${failure}`)
    setup.onFailure()
  }
  return async () => {
    if (isBusy) return
    isBusy = true
    try {
      await look()
    } catch (error) {
      setup.log.warning(`Corefile could not be looked at: ${String(error)}`)
    } finally {
      isBusy = false
    }
  }
}
