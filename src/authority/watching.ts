// The timer behind *reload*: main looks at zone files from time to time.

import type { ControlScope } from '../chain/plugin/control-scope.ts'

/** Longest delay that a Node timer takes. */
const MAX_TIMER_MS = 0x7fffffff

/** Calls `look` every so often while the generation is served, the next time when it has ended. */
export const lookEvery = (
  scope: Pick<ControlScope, 'onStart' | 'onRetire'>,
  intervalMs: number,
  look: () => Promise<void>,
): void => {
  if (intervalMs === 0) return
  let timer: NodeJS.Timeout | undefined
  let isLooking = false
  const tick = async (): Promise<void> => {
    if (isLooking) return
    isLooking = true
    try {
      await look()
    } finally {
      isLooking = false
    }
  }
  scope.onStart(() => {
    timer = setInterval(() => void tick(), Math.min(intervalMs, MAX_TIMER_MS))
    timer.unref()
  })
  scope.onRetire(() => clearInterval(timer))
}
