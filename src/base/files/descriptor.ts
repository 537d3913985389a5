// Reading and writing a descriptor to the end, whether or not it blocks. Whoever has looked at
// process.stdin, as an import of node:process does, has made it non-blocking: then an empty pipe is
// EAGAIN and not its end. A terminal may share that setting with stdout.

import { readSync, writeSync } from 'node:fs'
import { sleep } from '../time/sleep.ts'
import { codeOf } from './errno.ts'

const CHUNK_BYTES = 64 * 1024
const WAIT_MS = 5

export const tooLarge = (mostBytes: number): Error => new Error(`larger than ${mostBytes} bytes`)

/**
 * All that a descriptor gives until its end; waits for what is not there yet. Throws the system's
 * error, or that it is larger than `mostBytes`.
 */
export const readDescriptor = (descriptor: number, mostBytes: number): string => {
  const chunks: Buffer[] = []
  for (let total = 0; ; ) {
    const chunk = Buffer.allocUnsafe(CHUNK_BYTES)
    const size = whenReady(() => readSync(descriptor, chunk, 0, CHUNK_BYTES, null))
    if (size === 0) return Buffer.concat(chunks).toString('utf8')
    total += size
    if (total > mostBytes) throw tooLarge(mostBytes)
    chunks.push(chunk.subarray(0, size))
  }
}

/**
 * Writes the whole text, so that a process that exits next cuts nothing off. A reader that has
 * left, as `head` does, ends it silently.
 */
export const writeDescriptor = (descriptor: number, text: string): void => {
  const bytes = Buffer.from(text, 'utf8')
  try {
    for (let at = 0; at < bytes.length; ) at += whenReady(() => writeSync(descriptor, bytes, at))
  } catch (error) {
    if (codeOf(error) !== 'EPIPE') throw error
  }
}

/** Blocks the thread until the call is not told to come again. */
const whenReady = (call: () => number): number => {
  for (;;) {
    try {
      return call()
    } catch (error) {
      if (codeOf(error) !== 'EAGAIN') throw error
      sleep(WAIT_MS)
    }
  }
}
