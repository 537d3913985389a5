// The contract between a plugin and the server. A plugin is one folder under plugins/: index.ts
// says what it is and reads its options; its halves are modules of their own, each loaded in its
// own thread, when a Corefile uses it.

import type { Diagnostic } from '../corefile/diagnostic.ts'
import type { Directive } from '../corefile/directive.ts'
import type { OptionTable } from '../corefile/option-table.ts'
import type { ControlScope } from './control-scope.ts'
import type { Stage } from './handler.ts'
import type { InspectScope } from './inspect-scope.ts'
import type { ChangingZone } from './invalidation-scopes.ts'
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
   * What may stand behind the directive, as data: parsing, hints, `shardns help` and the manuals go
   * by it.
   */
  readonly options?: OptionTable<Options>
  /**
   * Corefile tokens to options, of a plugin without a table: nothing is known of its options but
   * what it says of a Corefile. On main. Pure: no I/O, no clock, no environment. Throws
   * CorefileError with a span.
   */
  parse?(directive: Directive): Options
  /**
   * What its block may hold depends on its arguments: where one of them is wrong, nothing can be
   * said of the block.
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
  /** Of a plugin that the program does not bring along: where it comes from. */
  readonly outside?: OutsideModule
  /** URL of its serve half, of a plugin that is made where the server runs and has no folder. */
  readonly serveFile?: string
}

/** What the server must know of a plugin. Functions are pure. */
export interface PluginFacts<Options> {
  /** Its control half runs before those of all others: they may ask for what it settles. */
  readonly setsUp?: 'first'
  /** It answers all classes, so that its blocks do not refuse those other than IN. */
  readonly allClasses?: true
  /**
   * Names whose records the plugin may change while it serves (ControlScope.changes says when):
   * caches in front of it keep watch.
   */
  changing?(options: Options): readonly ChangingZone[]
  /**
   * The addresses that it sets the block's listeners to; undefined where only the machine can tell.
   */
  listensOn?(options: Options): readonly string[] | undefined
  /**
   * Its block takes only some of the questions for its names (Stage.accepts): other blocks may
   * serve the same zones.
   */
  readonly selects?: true
  /** Warnings of `check` alone: what CoreDNS accepts in silence and hardly anybody means. */
  suspicions?(directive: Directive): readonly Diagnostic[]
}

export interface InspectHalf<Options> {
  /**
   * Whether this machine has what the options name: files and interfaces, no network, nothing
   * started. `shardns check` runs it, the server does not: what it refuses is what `control`
   * refuses, found by the same functions.
   */
  inspect(options: Options, scope: InspectScope): void | Promise<void>
}

export interface ControlHalf<Options, Shared> {
  /**
   * Once per server block and generation, in chain order: files, metrics, shared memory, HTTP,
   * timers, settings.
   */
  control(options: Options, scope: ControlScope): Shared | Promise<Shared>
}

export interface ServeHalf<Options, Shared> {
  /**
   * Each shard, once per server block and generation. Undefined: no part of this block's chain
   * after all.
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

/** What a plugin makes of its directive. Throws CorefileError. */
export const readOptions = <Options, Shared>(
  plugin: Plugin<Options, Shared>,
  directive: Directive,
): Options => {
  if (plugin.options !== undefined) return plugin.options.parse(directive)
  if (plugin.parse !== undefined) return plugin.parse(directive)
  throw new Error(`plugin ${plugin.name} says nothing of its options: it needs options or parse`)
}
