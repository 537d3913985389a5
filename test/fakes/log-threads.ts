// Run by log.test.ts in a process of its own: two threads that log 2000 lines each.

import { isMainThread, threadId, Worker } from 'node:worker_threads'
import { stdout } from '../../src/log/log.ts'

if (isMainThread) {
  for (let i = 0; i < 2; i++) new Worker(new URL(import.meta.url))
} else {
  for (let i = 0; i < 2000; i++) stdout.raw(`${threadId} ${i} ${'x'.repeat(200)}`)
  stdout.flushSync()
}
