// Whose code has begun what runs now. A stack does not tell: an `error` event of a socket that
// nobody listens for has Node's own frames alone. So code of a plugin from outside runs in a
// context that goes on in all that it begins, and the rest of the program outside of it.

import { AsyncLocalStorage } from 'node:async_hooks'
import { faultByStack, faultOf, isA, isOfNoProgram, PluginFault } from '../chain/errors.ts'

/** Calls the function in one context, whatever that of the caller is. */
export type Caller = <Args extends unknown[], Result>(
  run: (...args: Args) => Result,
  ...args: Args
) => Result

const plugins = new AsyncLocalStorage<string>()

/** Older ones keep a context by hooks that slow down all promises of the thread. */
const FIRST_NODE = 24
const HAS_CONTEXTS = Number.parseInt(process.versions.node, 10) >= FIRST_NODE

const plainly: Caller = (run, ...args) => run(...args)

/** A snapshot costs a third of `run`, which makes a context for each call. */
const callerFor = (plugin: string | undefined): Caller =>
  HAS_CONTEXTS ? plugins.run(plugin as string, () => AsyncLocalStorage.snapshot()) : plainly

/** For code of that plugin. */
export const asPlugin = (name: string): Caller => callerFor(name)

/** For code of the program that a plugin calls. */
export const asProgram: Caller = callerFor(undefined)

/** The same function, which runs in the context of this moment. */
export const inThisContext = <Run extends (...args: never[]) => unknown>(run: Run): Run =>
  HAS_CONTEXTS ? (AsyncLocalStorage.bind(run as never) as Run) : run

/**
 * For an uncaught error: the fault of the plugin that has begun what fails. Undefined for none, and
 * where the program, or nobody knows who, has been interrupted.
 */
export const faultOfBeginner = (error: unknown): unknown => {
  const plugin = plugins.getStore()
  return plugin === undefined || !isOfNoProgram(error) ? undefined : faultOf(plugin, error)
}

/** The same, or that of the first plugin that the stack names, or the error. */
export const faultOfStray = (error: unknown): unknown => {
  const fault = faultByStack(error)
  return isA(PluginFault, fault) ? fault : (faultOfBeginner(error) ?? fault)
}
