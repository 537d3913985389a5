// What a plugin's serve half gives, looked at before a question reaches it: what can be no stage
// fails the load, not each query.

import type { Stage } from '../chain/handler.ts'

/** Why it can be no stage; `selects`: its plugin has that fact. Undefined if nothing is wrong. */
export const stageMisfit = (stage: Stage, selects: boolean): string | undefined => {
  if (typeof (stage as { readonly then?: unknown } | null)?.then === 'function')
    return 'serve gives a promise, where the stage itself is needed'
  if (typeof stage?.wrap !== 'function') return 'what serve gives has no function wrap'
  if (stage.accepts !== undefined && !selects)
    return `what serve gives has 'accepts', and the plugin lacks the fact 'selects'`
  return undefined
}
