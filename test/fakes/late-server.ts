// The server as a child process of a test, on the workers of late-worker.ts. The Corefile's path is
// the argument.

import { runServer } from '../../src/process/run.ts'
import { defaultServeOptions } from '../../src/process/serve-options.ts'

if (process.argv[1] === import.meta.filename) {
  const options = { ...defaultServeOptions(), conf: process.argv[2] ?? '', workers: 2 }
  process.exit(
    await runServer(options, { workerFile: new URL('./late-worker.ts', import.meta.url) }),
  )
}
