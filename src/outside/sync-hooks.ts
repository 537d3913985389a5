// Hooks of Node's module loader that answer at once. They have types of their own: those of the
// oldest Node that shardns runs on say that such hooks may answer later.

import nodeModule from 'node:module'

/** Where a specifier leads. */
export interface Resolved {
  readonly url: string
  readonly format?: string | null | undefined
  readonly shortCircuit?: boolean | undefined
}

/** What stands there. */
export interface Loaded {
  readonly format: string | null | undefined
  readonly source?: string | ArrayBuffer | NodeJS.TypedArray | undefined
  readonly shortCircuit?: boolean | undefined
}

interface ResolveContext {
  readonly parentURL?: string | undefined
}

export interface SyncHooks {
  resolve?(
    specifier: string,
    context: ResolveContext,
    next: (specifier: string, context: ResolveContext) => Resolved,
  ): Resolved
  load?(url: string, context: object, next: (url: string, context: object) => Loaded): Loaded
}

/** Looked up when it is asked for: a named import would not survive a Node that lacks it. */
export const canHook = (): boolean => typeof nodeModule.registerHooks === 'function'

export const registerHooks = (hooks: SyncHooks): { deregister(): void } =>
  nodeModule.registerHooks(hooks as never)
