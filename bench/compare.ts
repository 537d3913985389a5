// The contestants of `--compare REF`: shardns as this checkout has it, and as another revision has
// it in a git worktree of its own.

import { execFileSync } from 'node:child_process'
import { symlinkSync } from 'node:fs'
import { join } from 'node:path'
import type { Contestant } from './contestants/contestant.ts'
import { ENGINES, ROOT, shardns } from './contestants/shardns.ts'
import { atExit, temporaryFolder } from './host/cleanup.ts'

const HERE = 'here'

const git = (...args: readonly string[]): string =>
  execFileSync('git', args, {
    cwd: ROOT,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
  }).trim()

/**
 * A worktree of that revision, removed when the suite ends. Throws if there is no such revision.
 */
const checkOut = (ref: string): string => {
  const folder = join(temporaryFolder(), 'worktree')
  git('worktree', 'add', '--detach', folder, ref)
  atExit(() => {
    git('worktree', 'remove', '--force', folder)
  })
  symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'))
  return folder
}

export interface Comparison {
  readonly contestants: readonly Contestant[]
  readonly baselineOf: (name: string) => string
}

export const compareWith = (ref: string): Comparison => {
  const root = checkOut(ref)
  const contestants = ENGINES.flatMap(engine => [
    shardns({ name: `${HERE}-${engine}`, engine }),
    shardns({ name: `${ref}-${engine}`, engine, root }),
  ])
  return {
    contestants,
    baselineOf: name => (name.startsWith(`${HERE}-`) ? `${ref}${name.slice(HERE.length)}` : name),
  }
}
