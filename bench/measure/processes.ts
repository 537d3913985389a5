// Processes and their children, from /proc.

import { readdirSync, readFileSync } from 'node:fs'

const childrenOf = (pid: number): number[] =>
  readdirSync(`/proc/${pid}/task`).flatMap(tid =>
    readFileSync(`/proc/${pid}/task/${tid}/children`, 'latin1')
      .split(' ')
      .filter(text => text !== '')
      .map(Number),
  )

/** The process, its children, and theirs. */
export const withChildren = (pid: number): number[] => [
  pid,
  ...childrenOf(pid).flatMap(withChildren),
]
