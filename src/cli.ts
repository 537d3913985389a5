#!/usr/bin/env node
// The program. Signals that a server is sent while it starts must not end it, nor open Node's
// debugger, which SIGUSR1 does by default: they are taken before anything else is loaded.
// process/run.ts says what they do once there is a server.

import { keepCompiled } from './base/v8/compile-cache.ts'
import { closeStrayDebugger } from './process/stray-debugger.ts'

for (const signal of ['SIGUSR1', 'SIGUSR2', 'SIGHUP'] as const) {
  // Windows knows none of them.
  if (process.platform !== 'win32') process.on(signal, () => {})
}

closeStrayDebugger()
keepCompiled()

const { run } = await import('./commands/run.ts')
process.exit(await run(process.argv.slice(2)))
