// Finds the zone files of a folder, by the rule of *directory* for their names.

import { lstat, readdir, realpath } from 'node:fs/promises'
import { join } from 'node:path'
import { pathErrorText } from '../../base/files/errno.ts'
import { compileRegexp } from '../../base/text/regexp.ts'
import type { Logger } from '../../log/logger.ts'
import type { Naming } from './options.ts'

/** Files and folders that are looked at; what is beyond is passed over. */
const MOST_ENTRIES = 1_000_000

/** Gives the origin of a file by its name, with a dot at its end; undefined: it is no zone file. */
export const originReader = ({
  pattern,
  template,
}: Naming): ((name: string) => string | undefined) => {
  const regexp = compileRegexp(pattern)
  const indexOf = (group: string): number =>
    /^\d+$/.test(group) ? Number(group) : (regexp.groupNames.get(group) ?? -1)
  return name => {
    const groups = regexp.find(name)
    if (groups === undefined) return undefined
    const origin = template.replaceAll(
      /\{(\w+)\}/g,
      (_, group: string) => groups[indexOf(group)] ?? '',
    )
    return origin.endsWith('.') ? origin : `${origin}.`
  }
}

export interface Entry {
  readonly path: string
  readonly name: string
}

/** The entries of a folder and of those in it; how many are `left` counts over all of them. */
async function* walk(path: string, left: { count: number }, log: Logger): AsyncGenerator<Entry> {
  let names: string[]
  try {
    names = (await readdir(path)).sort()
  } catch (error) {
    log.warning(`error reading ${path}: ${pathErrorText('open', path, error)}`)
    return
  }
  for (const name of names) {
    if (left.count-- === 0)
      log.warning(`error reading ${path}: there are more than ${MOST_ENTRIES} files`)
    if (left.count < 0) return
    const inner = join(path, name)
    const stats = await lstat(inner).catch(() => undefined)
    if (stats?.isDirectory() === true) yield* walk(inner, left, log)
    else if (stats !== undefined) yield { path: inner, name }
  }
}

/**
 * The files in a folder and those in it, in the order of their names. Links to files count, links
 * to folders lead nowhere.
 */
export async function* filesIn(directory: string, log: Logger): AsyncGenerator<Entry> {
  let real: string
  try {
    real = await realpath(directory)
  } catch (error) {
    log.warning(`error reading ${directory}: ${pathErrorText('lstat', directory, error)}`)
    return
  }
  yield* walk(real, { count: MOST_ENTRIES }, log)
}
