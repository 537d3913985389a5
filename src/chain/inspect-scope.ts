// What a plugin is given to look at the machine with, before anything is started.

import type { BlockInfo } from './block.ts'
import type { ControlScope } from './control-scope.ts'

/**
 * `settings` and `log` are those of ControlScope, so that one function serves both: what is logged
 * as a warning becomes one of `check`.
 */
export interface InspectScope extends Pick<ControlScope, 'settings' | 'log'> {
  readonly block: Pick<BlockInfo, 'directives'>
  /**
   * Runs the task; what it throws becomes an error (see ArgumentError for its place), and the
   * inspection goes on. False if it threw.
   */
  attempt(task: () => unknown): Promise<boolean>
}
