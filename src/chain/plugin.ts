// The contract between a plugin and the server. A plugin is one folder under plugins/ and one line
// in plugins/index.ts.

import type { Directive } from '../corefile/directive.ts'
import type { OptionTable } from '../corefile/option-table.ts'
import type { ControlScope } from './control-scope.ts'
import type { Stage } from './handler.ts'
import type { InspectScope } from './inspect-scope.ts'
import type { ChangingZone } from './invalidation-scopes.ts'
import type { ServeScope } from './serve-scope.ts'

/**
 * `Options` and `Shared` are plain data: numbers, strings, arrays, plain objects,
 * SharedArrayBuffers. They are cloned into every shard by structured clone, so no functions,
 * classes or RegExps; compile those in `serve`.
 */
export interface Plugin<Options, Shared = undefined> {
  readonly name: string
  /**
   * What may stand behind the directive, as data: parsing, hints, `shardns help` and the manuals go
   * by it.
   */
  readonly options?: OptionTable<Options>
  /**
   * Corefile tokens to options, of a plugin without a table: nothing is known of its options but
   * what it says of a Corefile. Pure: no I/O, no clock, no environment. Throws CorefileError with a
   * span.
   */
  parse?(directive: Directive): Options
  /**
   * What its block may hold depends on its arguments: where one of them is wrong, nothing can be
   * said of the block.
   */
  readonly hasOptionsByArgument?: true
  /**
   * Names whose records the plugin may change while it serves (ControlScope.changes says when):
   * caches in front of it keep watch. Pure.
   */
  changing?(options: Options): readonly ChangingZone[]
  /**
   * Whether this machine has what the options name: files and interfaces, no network, nothing
   * started. `shardns check` runs it, the server does not: what it refuses is what `control`
   * refuses, found by the same functions.
   */
  inspect?(options: Options, scope: InspectScope): void | Promise<void>
  /**
   * Main thread, once per server block and generation, in chain order: files, metrics, shared
   * memory, HTTP, timers, settings.
   */
  control?(options: Options, scope: ControlScope): Shared | Promise<Shared>
  /**
   * Each shard, once per server block and generation. Absent, or undefined returned: the plugin is
   * not part of the chain.
   */
  serve?(options: Options, scope: ServeScope, shared: Shared): Stage | undefined
}

/** A plugin of unknown types, as the order list holds it. */
// biome-ignore lint/suspicious/noExplicitAny: the list is heterogeneous; each entry is type-checked where it is defined
export type AnyPlugin = Plugin<any, any>

/** What a plugin makes of its directive. Throws CorefileError. */
export const readOptions = <Options, Shared>(
  plugin: Plugin<Options, Shared>,
  directive: Directive,
): Options => {
  if (plugin.options !== undefined) return plugin.options.parse(directive)
  if (plugin.parse !== undefined) return plugin.parse(directive)
  throw new Error(`plugin ${plugin.name} says nothing of its options: it needs options or parse`)
}
