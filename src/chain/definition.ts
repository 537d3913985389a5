// A plugin as a module from outside defines it: one object, whose halves are functions. Both
// threads load the module; a plugin of the program has a file for each half (chain/plugin.ts).

import type { Directive } from '../corefile/directive.ts'
import type { OptionTable } from '../corefile/option-table.ts'
import type { ControlScope } from './control-scope.ts'
import type { Handler, Stage } from './handler.ts'
import type { InspectScope } from './inspect-scope.ts'
import type { PluginFacts } from './plugin.ts'
import type { Query } from './query.ts'
import type { Reply } from './reply.ts'
import type { ServeScope } from './serve-scope.ts'

/** A stage with its handler, in place of a function that makes one (Stage.wrap). */
export interface HandlingStage extends Omit<Stage, 'wrap'> {
  /**
   * Answers a query, or asks `next`, the rest of the chain, and may change what comes back. Absent:
   * all queries pass.
   */
  handle?(query: Query, next: Handler): Reply | Promise<Reply>
}

/** `Options` and `Shared` are plain data: see Plugin. */
export interface PluginDefinition<Options = undefined, Shared = undefined> {
  /** One sentence, for `shardns help`. */
  readonly description?: string
  /** What may stand behind the directive. Absent, and no `parse`: nothing may. */
  readonly options?: OptionTable<Options>
  /** In place of `options`: see Plugin.parse. */
  parse?(directive: Directive): Options
  readonly hasOptionsByArgument?: true
  readonly facts?: PluginFacts<Options>
  /** See InspectHalf. */
  inspect?(options: Options, scope: InspectScope): void | Promise<void>
  /** See ControlHalf. On the main thread. */
  control?(options: Options, scope: ControlScope): Shared | Promise<Shared>
  /** See ServeHalf. In each shard, at once. */
  serve?(options: Options, scope: ServeScope, shared: Shared): HandlingStage | undefined
}
