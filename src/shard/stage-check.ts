// What a plugin's serve half gives, looked at before a question reaches it: what cannot work fails
// the load, not each query.

import type { Stage } from '../chain/handler.ts'

/** What a stage may leave out, and must be a function if it does not. */
const STAGE_FUNCTIONS = ['concerns', 'accepts', 'stream', 'leaving'] as const
const FAST_FUNCTIONS = ['ask', 'shape', 'done', 'batchSent'] as const

/** Why it can be no stage; `selects`: its plugin has that fact. Undefined if nothing is wrong. */
export const stageMisfit = (stage: Stage, selects: boolean): string | undefined => {
  if (typeof (stage as { readonly then?: unknown } | null)?.then === 'function')
    return 'serve gives a promise, where the stage itself is needed'
  if (typeof stage?.wrap !== 'function') return 'what serve gives has no function wrap'
  const wrong =
    STAGE_FUNCTIONS.find(name => !isFunctionOrAbsent(stage[name])) ??
    FAST_FUNCTIONS.find(name => !isFunctionOrAbsent(stage.fast?.[name]))
  if (wrong !== undefined) return `'${wrong}' of what serve gives is no function`
  if (stage.accepts !== undefined && !selects)
    return `what serve gives has 'accepts', and the plugin lacks the fact 'selects'`
  return undefined
}

const isFunctionOrAbsent = (value: unknown): boolean =>
  value === undefined || typeof value === 'function'
