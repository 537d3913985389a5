// Which Corefiles `check` looks at: files, folders, standard input, or ./Corefile.

import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { codeOf, pathErrorText } from '../base/errno.ts'

export const STDIN = '/dev/stdin'
const DEFAULT_FILE = 'Corefile'

/** A path, or why there is none. */
export type CorefilePath =
  | { readonly path: string }
  | { readonly path: string; readonly problem: string }

/** `-` and `stdin` are standard input; a folder stands for the Corefiles in it. */
export const corefilePaths = (args: readonly string[]): CorefilePath[] =>
  (args.length === 0 ? [DEFAULT_FILE] : args).flatMap((argument): CorefilePath[] => {
    if (argument === '-' || argument === 'stdin') return [{ path: STDIN }]
    try {
      return isFolder(argument) ? inFolder(argument) : [{ path: argument }]
    } catch (error) {
      return [{ path: argument, problem: pathErrorText('open', argument, error) }]
    }
  })

/** False for what cannot be looked at: reading it will say why not. */
const isFolder = (path: string): boolean => {
  try {
    return statSync(path).isDirectory()
  } catch (error) {
    if (codeOf(error) === '') throw error
    return false
  }
}

/**
 * Files with "Corefile" in their name, in any letter case; without one, all files. Hidden ones and
 * folders are passed over.
 */
const inFolder = (folder: string): CorefilePath[] => {
  const names = readdirSync(folder)
    .filter(name => !name.startsWith('.') && isFile(join(folder, name)))
    .sort()
  const named = names.filter(name => /corefile/i.test(name))
  const chosen = named.length > 0 ? named : names
  if (chosen.length === 0) return [{ path: folder, problem: `no Corefile in the folder ${folder}` }]
  return chosen.map(name => ({ path: join(folder, name) }))
}

/** A link that leads nowhere is passed over, as a folder is: the others count. */
const isFile = (path: string): boolean => {
  try {
    return statSync(path).isFile()
  } catch (error) {
    if (codeOf(error) === '') throw error
    return false
  }
}
