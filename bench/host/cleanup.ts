// What must not outlive the suite: its child processes and its temporary folders. Undone when this
// process exits, for whatever reason.

import type { ChildProcess } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const children = new Set<ChildProcess>()
const folders = new Set<string>()
const undoes = new Set<() => void>()

export const track = (child: ChildProcess): ChildProcess => {
  children.add(child)
  child.once('exit', () => children.delete(child))
  return child
}

export const temporaryFolder = (): string => {
  const folder = mkdtempSync(join(tmpdir(), 'shardns-bench-'))
  folders.add(folder)
  return folder
}

export const removeFolder = (folder: string): void => {
  rmSync(folder, { recursive: true, force: true })
  folders.delete(folder)
}

/** Runs a synchronous task at exit; the result is to be called when it is no longer needed. */
export const atExit = (undo: () => void): (() => void) => {
  undoes.add(undo)
  return () => undoes.delete(undo)
}

const undoAll = (): void => {
  for (const child of children) child.kill('SIGKILL')
  for (const undo of undoes) undo()
  for (const folder of folders) rmSync(folder, { recursive: true, force: true })
}

export const undoOnExit = (): void => {
  process.on('exit', undoAll)
  for (const [signal, code] of [
    ['SIGINT', 130],
    ['SIGTERM', 143],
    ['SIGHUP', 129],
  ] as const)
    process.on(signal, () => process.exit(code))
}
