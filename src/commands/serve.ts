// `shardns` without a sub-command: runs the server. main.ts is loaded only here, so that the other
// commands start no part of it.

import type { ServeOptions } from '../process/serve-options.ts'

/** Runs the server until it ends; resolves to the process's exit code. */
export const serve = async (options: ServeOptions): Promise<number> => {
  const { runServer } = await import('../process/run.ts')
  return runServer(options)
}
