// erratic on the main thread: the count of queries, which all shards share.

import type { ControlScope } from '../../chain/plugin/control-scope.ts'
import type { ErraticOptions } from './options.ts'

/** Ready only from the third query to the fifth, so that probes see it change. */
const READY_FROM = 3
const READY_TO = 5

export const control = (_options: ErraticOptions, scope: ControlScope): number => {
  const word = scope.shared(1)
  let countNow = (): number => 0
  scope.onStart(() => {
    const words = scope.words()
    countNow = () => Atomics.load(words, word) >>> 0
  })
  scope.process.readiness.add('erratic', () => {
    const count = countNow()
    return count >= READY_FROM && count < READY_TO
  })
  return word
}
