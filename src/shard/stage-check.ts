// Checks the stage that a plugin's serve half returns: an invalid one fails the load, not each
// query.

import type { Stage } from '../chain/stage/handler.ts'

const DOORS = ['concerns', 'accepts', 'takes', 'stream', 'leaving'] as const
const FAST_DOORS = ['ask', 'shape', 'done', 'batchSent'] as const

/** The reason why it is no valid stage, or undefined. `selects`: its plugin has that fact. */
export const stageMisfit = (stage: Stage, selects: boolean): string | undefined => {
  if (typeof (stage as { readonly then?: unknown } | null)?.then === 'function')
    return 'serve gives a promise, where the stage itself is needed'
  if (typeof stage?.wrap !== 'function') return 'what serve gives has no function wrap'
  if (stage.accepts !== undefined && !selects)
    return `what serve gives has 'accepts', and the plugin lacks the fact 'selects'`
  if (stage.takes !== undefined && stage.accepts === undefined)
    return `what serve gives has 'takes' without 'accepts'`
  if (stage.reserves !== undefined && stage.leaving === undefined)
    return `what serve gives has 'reserves' without 'leaving'`
  return doorMisfit(stage)
}

/** The field that holds something other than the function that it should be. */
const doorMisfit = (stage: Stage): string | undefined => {
  const { fast } = stage
  if (fast !== undefined && (typeof fast !== 'object' || fast === null)) return 'fast is no step'
  const wrong = [
    ...DOORS.flatMap(door => (isDoor(stage[door]) ? [] : [door])),
    ...FAST_DOORS.flatMap(door => (isDoor(fast?.[door]) ? [] : [`fast.${door}`])),
  ]
  return wrong.length === 0 ? undefined : `${wrong[0]} is no function`
}

const isDoor = (door: unknown): boolean => door === undefined || typeof door === 'function'
