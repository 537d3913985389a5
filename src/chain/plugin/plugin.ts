// The contract between a plugin and the server. A plugin is one folder under plugins/. Its index.ts
// declares it and reads its options. Its halves are separate modules: when a Corefile uses the
// plugin, each half is loaded in the threads that run it.

import type { Diagnostic } from '../../corefile/diagnostics/diagnostic.ts'
import type { Directive } from '../../corefile/options/directive.ts'
import type { OptionTable } from '../../corefile/options/option-table.ts'
import type { ChangingZone } from '../invalidation-scopes.ts'
import type { Stage } from '../stage/handler.ts'
import type { ControlScope } from './control-scope.ts'
import type { InspectScope } from './inspect-scope.ts'
import type { OutsideModule } from './outside-module.ts'
import type { ServeScope } from './serve-scope.ts'

/**
 * `Options` and `Shared` are plain data: numbers, strings, arrays, plain objects,
 * SharedArrayBuffers. They are cloned into every shard by structured clone, so no functions,
 * classes or RegExps; compile those in `serve`.
 */
export interface Plugin<Options, Shared = undefined> {
  readonly name: string
  /** One sentence, of a plugin that has no manual page. */
  readonly description?: string
  /**
   * The arguments and options of the directive, as data, for parsing, hints, `shardns help` and the
   * manuals.
   */
  readonly options?: OptionTable<Options>
  /**
   * Reads the options from Corefile tokens, for a plugin without a table; then hints and `shardns
   * help` know nothing of its options. On main. Pure: no I/O, no clock, no environment. Throws
   * CorefileError with a span.
   */
  parse?(directive: Directive): Options
  /**
   * The options that its block may hold depend on its arguments: if one of these is wrong, the
   * block is not checked.
   */
  readonly hasOptionsByArgument?: true
  readonly facts?: PluginFacts<Options>
  /** `() => import('./control.ts')`, for `shardns check` only. */
  readonly inspect?: () => Promise<InspectHalf<Options>>
  /** `() => import('./control.ts')`, on main only. */
  readonly control?: () => Promise<ControlHalf<Options, Shared>>
  /**
   * `() => import('./serve.ts')`: that file and no other, since shards load it by its name, without
   * index.ts and the readers of options. Absent: the plugin is not part of the chain.
   */
  readonly serve?: () => Promise<ServeHalf<Options, Shared>>
  /** The module of a plugin that is not built in. */
  readonly outside?: OutsideModule
  /**
   * URL of the serve half, for a plugin that is defined in the program that runs the server and has
   * no folder.
   */
  readonly serveFile?: string
}

/** Properties of a plugin that the server needs to know. Functions are pure. */
export interface PluginFacts<Options> {
  /** Its control half runs before those of all others, which may depend on its settings. */
  readonly setsUp?: 'first'
  /** It answers all classes: its blocks do not refuse classes other than IN. */
  readonly allClasses?: true
  /**
   * Names whose records the plugin may change while it serves (ControlScope.changes says when):
   * caches in front of it watch for these changes.
   */
  changing?(options: Options): readonly ChangingZone[]
  /**
   * The addresses that it sets for the block's listeners; undefined where they depend on the
   * machine.
   */
  listensOn?(options: Options): readonly string[] | undefined
  /**
   * Its block takes only some of the questions for its names (Stage.accepts): other blocks may
   * serve the same zones.
   */
  readonly selects?: true
  /**
   * Warnings for `check` only: texts that CoreDNS accepts silently, but that are probably a
   * mistake.
   */
  suspicions?(directive: Directive): readonly Diagnostic[]
}

export interface InspectHalf<Options> {
  /**
   * Checks that this machine has the files and interfaces that the options name. No network access,
   * nothing is started. `shardns check` runs it, the server does not. It refuses the same
   * configurations as `control`, by the same functions.
   */
  inspect(options: Options, scope: InspectScope): void | Promise<void>
}

export interface ControlHalf<Options, Shared> {
  /**
   * Runs on main, once per server block and generation, in chain order. Sets up files, metrics,
   * shared memory, HTTP, timers and settings. The result is cloned into each shard.
   */
  control(options: Options, scope: ControlScope): Shared | Promise<Shared>
}

export interface ServeHalf<Options, Shared> {
  /**
   * Runs in each shard, once per server block and generation. Undefined: the plugin takes no part
   * in this block's chain.
   */
  serve(options: Options, scope: ServeScope, shared: Shared): Stage | undefined
}

/** A plugin of unknown types, as the server knows it. */
// biome-ignore lint/suspicious/noExplicitAny: plugins differ in their types; each is type-checked where it is defined
export type AnyPlugin = Plugin<any, any>

// biome-ignore lint/suspicious/noExplicitAny: likewise
export type AnyControlHalf = ControlHalf<any, any>

// biome-ignore lint/suspicious/noExplicitAny: likewise
export type AnyServeHalf = ServeHalf<any, any>

/** Reads the plugin's options from its directive. Throws CorefileError. */
export const readOptions = <Options, Shared>(
  plugin: Plugin<Options, Shared>,
  directive: Directive,
): Options => {
  if (plugin.options !== undefined) return plugin.options.parse(directive)
  if (plugin.parse !== undefined) return plugin.parse(directive)
  throw new Error(`plugin ${plugin.name} says nothing of its options: it needs options or parse`)
}
