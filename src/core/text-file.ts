// Reading a text file that an operator names: bounded, without hanging, and with Go's words for what goes wrong.

import { closeSync, fstatSync, openSync, readSync, type Stats, statSync } from 'node:fs'
import { codeOf, errnoText } from './errno.ts'

/** Far above any real Corefile. */
export const TEXT_FILE_BYTES = 16 * 1024 * 1024

const CHUNK_BYTES = 64 * 1024
/** What a shell's `<(…)` and standard input are called: pipes that have a writer. */
const OPEN_ALREADY = /^(?:\/dev\/(?:fd\/\d+|stdin)|\/proc\/self\/fd\/\d+)$/

/** `open PATH: no such file or directory`, as Go words it. Only reading tells a folder from a file. */
export const openErrorText = (path: string, error: unknown): string =>
  `${codeOf(error) === 'EISDIR' ? 'read' : 'open'} ${path}: ${errnoText(error)}`

const tooLarge = (): Error => new Error(`larger than ${TEXT_FILE_BYTES} bytes`)

/** All that a descriptor gives, up to TEXT_FILE_BYTES. Throws the system's error, or an Error of a few words. */
export const readDescriptor = (descriptor: number): string => {
  const chunks: Buffer[] = []
  for (let total = 0; ; ) {
    const chunk = Buffer.allocUnsafe(CHUNK_BYTES)
    const size = readSync(descriptor, chunk, 0, CHUNK_BYTES, null)
    if (size === 0) return Buffer.concat(chunks).toString('utf8')
    total += size
    if (total > TEXT_FILE_BYTES) throw tooLarge()
    chunks.push(chunk.subarray(0, size))
  }
}

/** Opening a pipe waits for a writer, which may never come. */
const refuseUnreadable = (stats: Stats, path: string): void => {
  if (stats.isDirectory()) throw Object.assign(new Error('is a directory'), { code: 'EISDIR' })
  if (stats.isFIFO() && !OPEN_ALREADY.test(path)) throw new Error('a named pipe cannot be read')
  if (stats.size > TEXT_FILE_BYTES) throw tooLarge()
}

/** The whole file. Throws an Error of one sentence that names it: `open /a/b: permission denied`. */
export const readTextFile = (path: string): string => {
  try {
    refuseUnreadable(statSync(path), path)
    const descriptor = openSync(path, 'r')
    try {
      refuseUnreadable(fstatSync(descriptor), path)
      return readDescriptor(descriptor)
    } finally {
      closeSync(descriptor)
    }
  } catch (error) {
    throw new Error(openErrorText(path, error), { cause: error })
  }
}
