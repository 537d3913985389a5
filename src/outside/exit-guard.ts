// `process.exit` on main would take the shards from their clients: called by a plugin from outside,
// it is a fault of the plugin like any other. In a shard, and on trial, it ends the thread alone.

import { stackOf } from '../chain/errors.ts'
import { hasVersion } from './hooks.ts'

/** A plugin may call it through a package of its own. */
const DEPTH = 100

let isGuarded = false

/** From now on. For everybody else it is what it was. */
export const guardExit = (): void => {
  if (isGuarded) return
  isGuarded = true
  const { exit } = process
  process.exit = code => {
    const error = callOf()
    if (hasVersion(stackOf(error))) throw error
    return exit.call(process, code)
  }
}

const callOf = (): Error => {
  const { stackTraceLimit } = Error
  Error.stackTraceLimit = DEPTH
  try {
    return new Error('it calls process.exit, which would end the server')
  } finally {
    Error.stackTraceLimit = stackTraceLimit
  }
}
