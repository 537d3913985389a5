// A worker that says nothing and cannot be ended: it waits for a program that reads a pipe, for as
// long as the pipe is open.

import { spawnSync } from 'node:child_process'

export const PIPE_VARIABLE = 'SHARDNS_TEST_PIPE'

export const serve = (): void => {
  const pipe = process.env[PIPE_VARIABLE]
  if (pipe === undefined) throw new Error('no pipe')
  spawnSync('cat', [pipe], { stdio: 'ignore' })
}
