// The interface for a plugin's checks of the machine, before anything is started (`shardns check`).

import type { BlockInfo } from '../block.ts'
import type { ControlScope } from './control-scope.ts'

/**
 * `settings` and `log` are those of ControlScope, so that one function serves both. A warning that
 * is logged becomes a warning of `check`.
 */
export interface InspectScope extends Pick<ControlScope, 'settings' | 'log'> {
  readonly block: Pick<BlockInfo, 'directives'>
  /**
   * Runs the task. An error that it throws becomes an error of `check` (see ArgumentError for its
   * place), and the inspection goes on. Resolves to false if it threw.
   */
  attempt(task: () => unknown): Promise<boolean>
}
