// Gives whole pages of our own memory back to the system, where it can be asked to (glibc,
// node:ffi); elsewhere they stay.

import type { MemoryCalls } from '../net/mmsg/libc.ts'

const MADV_DONTNEED = 4

/** Takes the whole pages within some bytes: they read as zero then. */
export type PageDropper = (bytes: Uint8Array) => void

/** It does nothing where the system cannot be asked. */
export const pageDropper = (calls: MemoryCalls | undefined): PageDropper => {
  if (calls === undefined) return () => {}
  const page = BigInt(calls.getpagesize())
  return bytes => {
    const address = calls.addressOf(bytes)
    const start = ((address + page - 1n) / page) * page
    const end = ((address + BigInt(bytes.length)) / page) * page
    if (end > start) calls.madvise(start, end - start, MADV_DONTNEED)
  }
}
