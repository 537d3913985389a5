// A plugin as a module from outside defines it: one object, whose halves are functions. Main and
// the shards both load the module. A built-in plugin has a file for each half instead
// (chain/plugin/plugin.ts).

import type { Directive } from '../../corefile/options/directive.ts'
import type { OptionTable } from '../../corefile/options/option-table.ts'
import type { Query } from '../query/query.ts'
import type { Reply } from '../reply/reply.ts'
import type { Handler, Stage } from '../stage/handler.ts'
import type { ControlScope } from './control-scope.ts'
import type { InspectScope } from './inspect-scope.ts'
import type { PluginFacts } from './plugin.ts'
import type { ServeScope } from './serve-scope.ts'

/** A stage with its handler, in place of a function that makes one (Stage.wrap). */
export interface HandlingStage extends Omit<Stage, 'wrap'> {
  /**
   * Answers a query, or calls `next`, the rest of the chain, and may change the reply that it
   * gives. May throw a ServerError. Absent: all queries pass unchanged.
   */
  handle?(query: Query, next: Handler): Reply | Promise<Reply>
}

/**
 * A plugin from outside. `Options` and `Shared` are plain data that is cloned into each shard:
 * numbers, texts, arrays, plain objects, SharedArrayBuffers. They must not hold functions or class
 * instances.
 */
export interface PluginDefinition<Options = undefined, Shared = undefined> {
  /** One sentence, for `shardns help`. */
  readonly description?: string
  /** The arguments and options of the directive. Without this and without `parse` it takes none. */
  readonly options?: OptionTable<Options>
  /**
   * Alternative to `options`: reads the directive's tokens itself. Pure: no I/O, no clock. Throws
   * OptionError.
   */
  parse?(directive: Directive): Options
  readonly hasOptionsByArgument?: true
  readonly facts?: PluginFacts<Options>
  /** For `shardns check` only: see InspectHalf. Starts nothing. */
  inspect?(options: Options, scope: InspectScope): void | Promise<void>
  /**
   * Runs on the main thread, once per server block and load. Returns the shared value for the
   * shards.
   */
  control?(options: Options, scope: ControlScope): Shared | Promise<Shared>
  /**
   * Runs in each shard, once per server block and load. Must be synchronous. Returns the stage, or
   * undefined if the plugin takes no part in this block's chain.
   */
  serve?(options: Options, scope: ServeScope, shared: Shared): HandlingStage | undefined
}
