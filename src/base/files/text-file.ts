// Reading a text file that an operator names: bounded, without hanging, and with Go's words for
// what goes wrong.

import { closeSync, fstatSync, openSync, type Stats, statSync } from 'node:fs'
import { readDescriptor, tooLarge } from './descriptor.ts'
import { codeOf, errnoText } from './errno.ts'

/** Far above any real Corefile. */
export const TEXT_FILE_BYTES = 16 * 1024 * 1024

/** What a shell's `<(…)` and standard input are called: pipes that have a writer. */
const OPEN_ALREADY = /^(?:\/dev\/(?:fd\/\d+|stdin)|\/proc\/self\/fd\/\d+)$/

/**
 * `open PATH: no such file or directory`, as Go words it. Only reading tells a folder from a file.
 */
export const openErrorText = (path: string, error: unknown): string =>
  `${codeOf(error) === 'EISDIR' ? 'read' : 'open'} ${path}: ${errnoText(error)}`

/** Opening a pipe waits for a writer, which may never come. */
const refuseUnreadable = (stats: Stats, path: string): void => {
  if (stats.isDirectory()) throw Object.assign(new Error('is a directory'), { code: 'EISDIR' })
  if (stats.isFIFO() && !OPEN_ALREADY.test(path)) throw new Error('a named pipe cannot be read')
  if (stats.size > TEXT_FILE_BYTES) throw tooLarge(TEXT_FILE_BYTES)
}

/**
 * The whole file. Throws an Error of one sentence that names it: `open /a/b: permission denied`.
 */
export const readTextFile = (path: string): string => {
  try {
    refuseUnreadable(statSync(path), path)
    const descriptor = openSync(path, 'r')
    try {
      refuseUnreadable(fstatSync(descriptor), path)
      return readDescriptor(descriptor, TEXT_FILE_BYTES)
    } finally {
      closeSync(descriptor)
    }
  } catch (error) {
    throw new Error(openErrorText(path, error), { cause: error })
  }
}
