// Echoes: programs that send each packet back and do nothing else. No server on the same socket
// calls can be faster.

import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { temporaryFolder } from '../host/cleanup.ts'
import { findProgram } from '../host/programs.ts'
import type { Contestant } from './contestant.ts'

const FOLDER = join(import.meta.dirname, '..', 'echo')

const nodeEcho = (name: string, file: string): Contestant => ({
  name,
  kind: 'echo',
  threads: 1,
  absent: existsSync(join(FOLDER, file)) ? undefined : `bench/echo/${file} does not exist`,
  version: process.version,
  launch: ({ port }) => ({ file: process.execPath, args: [join(FOLDER, file), String(port)] }),
})

export const echoDgram = (): Contestant => nodeEcho('echo-dgram', 'dgram.ts')
export const echoMmsg = (): Contestant => nodeEcho('echo-mmsg', 'mmsg.ts')

export const echoC = (): Contestant => {
  const compiler = findProgram('cc')
  return {
    name: 'echo-c',
    kind: 'echo',
    threads: 1,
    absent: compiler === undefined ? 'there is no C compiler' : undefined,
    version: '',
    launch({ port }) {
      const program = join(temporaryFolder(), 'echo')
      const { status, stderr } = spawnSync(
        compiler ?? 'cc',
        ['-O2', '-o', program, join(FOLDER, 'echo.c')],
        { encoding: 'utf8' },
      )
      if (status !== 0) throw new Error(`cc failed: ${stderr.split('\n')[0]}`)
      return { file: program, args: [String(port)] }
    },
  }
}
