// The server as a child process of a test, on workers that fail when told: options come as JSON in
// the environment, faults over IPC.

import { BroadcastChannel } from 'node:worker_threads'
import { runServer } from '../../src/process/run.ts'
import { defaultServeOptions, type ServeOptions } from '../../src/process/serve-options.ts'
import { FAULT_CHANNEL, type Fault } from './faulty-worker.ts'

export const OPTIONS_VARIABLE = 'SHARDNS_TEST_OPTIONS'

if (process.argv[1] === import.meta.filename) {
  const channel = new BroadcastChannel(FAULT_CHANNEL)
  process.on('message', (fault: Fault) => channel.postMessage(fault))
  // The test is gone, and nobody would stop us.
  process.on('disconnect', () => process.exit(3))
  const told = JSON.parse(process.env[OPTIONS_VARIABLE] ?? '{}') as Partial<ServeOptions>
  const { workers = 2, streamWorkers = 1 } = told
  const options = { ...defaultServeOptions({ workers, streamWorkers }), ...told }
  process.exit(
    await runServer(options, { workerFile: new URL('./faulty-worker.ts', import.meta.url) }),
  )
}
