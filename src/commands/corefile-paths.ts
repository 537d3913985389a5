// Which Corefiles `check` and `fmt` look at: files, folders, standard input, or ./Corefile.

import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { codeOf, pathErrorText } from '../base/files/errno.ts'

export const STDIN = '/dev/stdin'
const DEFAULT_FILE = 'Corefile'

/** A path, or why there is none. */
export type CorefilePath =
  | { readonly path: string }
  | { readonly path: string; readonly problem: string }

/** Of the names in a folder, those of Corefiles. */
export type ChooseNames = (names: readonly string[]) => readonly string[]

/** Those with "Corefile" in them, in any letter case; without one, all. */
const likelyNames: ChooseNames = names => {
  const named = names.filter(name => /corefile/i.test(name))
  return named.length > 0 ? named : names
}

/** `-` and `stdin` are standard input; a folder stands for the Corefiles in it. */
export const corefilePaths = (
  args: readonly string[],
  choose: ChooseNames = likelyNames,
): CorefilePath[] =>
  (args.length === 0 ? [DEFAULT_FILE] : args).flatMap((argument): CorefilePath[] => {
    if (argument === '-' || argument === 'stdin') return [{ path: STDIN }]
    try {
      return isFolder(argument) ? inFolder(argument, choose) : [{ path: argument }]
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

/** Hidden files and folders are passed over. */
const inFolder = (folder: string, choose: ChooseNames): CorefilePath[] => {
  const names = readdirSync(folder)
    .filter(name => !name.startsWith('.') && isFile(join(folder, name)))
    .sort()
  const chosen = choose(names)
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
