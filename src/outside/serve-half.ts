// The half of a definition from outside that answers: a stage that wraps what is behind it. For
// shards: nothing else of the definition concerns them.

import { given } from '../base/text/given.ts'
import type { HandlingStage } from '../chain/plugin/definition.ts'
import type { OutsideModule } from '../chain/plugin/outside-module.ts'
import type { AnyServeHalf } from '../chain/plugin/plugin.ts'
import type { ServeScope } from '../chain/plugin/serve-scope.ts'
import type { Handler, Stage, Wrap } from '../chain/stage/handler.ts'
import { nearest } from '../corefile/diagnostics/nearest.ts'
import { asPlugin, asProgram, type Caller } from './blame.ts'
import { type AnyDefinition, loadDefinition } from './load-definition.ts'

export const serveHalfOf = (name: string, definition: AnyDefinition): AnyServeHalf => {
  const call = asPlugin(name)
  return {
    serve: (options: unknown, scope: ServeScope, shared: unknown) => {
      const own: ServeScope = { ...scope, resolve: (...by) => asProgram(scope.resolve, ...by) }
      const made: unknown = call(() => definition.serve!(options, own, shared))
      return made === undefined ? undefined : stageOf(made, call)
    },
  }
}

/** What else is no stage is found by the server, as for every plugin. */
const stageOf = (made: unknown, call: Caller): Stage => {
  if (typeof made !== 'object' || made === null)
    throw new TypeError(`what serve gives is ${given(made)}, and no stage`)
  if ('then' in made) return made as unknown as Stage
  if ('wrap' in made)
    throw new TypeError(`what serve gives has 'wrap': a plugin from outside has 'handle' there`)
  const misspelt = misspeltIn(made)
  if (misspelt !== undefined) throw new TypeError(`what serve gives has ${misspelt}`)
  const stage = made as HandlingStage
  const { handle, fast, reserves } = stage
  if (handle !== undefined && typeof handle !== 'function')
    throw new TypeError('handle is no function')
  return {
    concerns: bound(stage, stage.concerns),
    accepts: bound(stage, stage.accepts),
    takes: bound(stage, stage.takes),
    stream: calledBy(call, bound(stage, stage.stream)),
    leaving: calledBy(call, bound(stage, stage.leaving)),
    fast,
    reserves,
    wrap: wrapOf(stage, call),
  }
}

const FIELDS: readonly string[] = [
  'handle',
  'concerns',
  'fast',
  'stream',
  'leaving',
  'reserves',
  'accepts',
  'takes',
] satisfies (keyof HandlingStage)[]

/**
 * A field that is none, where one that is spelt much like it is absent: JavaScript says nothing of
 * it, and without `concerns` all is right but slow. Others may be the plugin's own.
 */
const misspeltIn = (made: object): string | undefined => {
  for (const key of Object.keys(made)) {
    const meant = FIELDS.includes(key) ? undefined : nearest(key, FIELDS)
    if (meant !== undefined && !(meant in made)) return `'${key}': did you mean '${meant}'?`
  }
  return undefined
}

/** It may be a method, and want its object. What is no function is found by the server. */
const bound = <Door extends (...by: never[]) => unknown>(
  stage: HandlingStage,
  own: Door | undefined,
): Door | undefined => (typeof own === 'function' ? (own.bind(stage) as Door) : own)

/** In the plugin's context: what is asked of every question is pure, and does without. */
const calledBy = <Args extends unknown[], Result>(
  call: Caller,
  own: ((...args: Args) => Result) | undefined,
) => (typeof own === 'function' ? (...args: Args) => call(own, ...args) : own)

const wrapOf =
  (stage: HandlingStage, call: Caller): Wrap =>
  next => {
    if (stage.handle === undefined) return next
    const rest: Handler = query => asProgram(next, query)
    const handle: Handler = query => stage.handle!(query, rest)
    return query => call(handle, query)
  }

/** In a shard. Throws a sentence. */
export const loadServeHalf = async (module: OutsideModule): Promise<AnyServeHalf> =>
  serveHalfOf(module.name, await loadDefinition(module))
