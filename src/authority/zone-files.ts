// Zone files as a load reads them, on the main thread: within bounds, without hanging. `stat` tells
// whether a file has changed.

import { type BigIntStats, readFileSync, statSync } from 'node:fs'
import { open, stat } from 'node:fs/promises'
import { codeOf, pathErrorText } from '../base/files/errno.ts'

/** A zone file with all that it includes may be so large: some five million records. */
export const MAX_ZONE_FILE_BYTES = 256 * 1024 * 1024
/** Read in one go: a few milliseconds of main's time. */
const CHUNK_BYTES = 1024 * 1024

/** The file cannot be opened: it may appear, or become readable, later. */
export class OpenFailure extends Error {}

/**
 * What `stat` says of a file as long as it is the same one with the same contents: a swap shows
 * even if size and time are made equal.
 */
const versionOf = ({ dev, ino, mtimeNs, ctimeNs, size }: BigIntStats): string =>
  `${dev} ${ino} ${mtimeNs} ${ctimeNs} ${size}`

/** What has no version. */
const ABSENT = ''

const currentVersion = async (path: string): Promise<string> => {
  try {
    return versionOf(await stat(path, { bigint: true }))
  } catch {
    return ABSENT
  }
}

export class ZoneFiles {
  readonly #versions = new Map<string, string>()
  #left: number

  constructor(mostBytes: number = MAX_ZONE_FILE_BYTES) {
    this.#left = mostBytes
  }

  /** Whether all that was read, or could not be, is as it was then. */
  async areUnchanged(): Promise<boolean> {
    for (const [path, version] of this.#versions)
      if ((await currentVersion(path)) !== version) return false
    return true
  }

  /**
   * The zone file itself, while main does other things. Throws OpenFailure, or an Error of one
   * sentence.
   */
  async read(path: string): Promise<Uint8Array> {
    try {
      this.#versions.set(path, ABSENT)
      // Opening a pipe would wait for its writer.
      const stats = await stat(path, { bigint: true })
      this.#admit(path, stats)
      const file = await open(path)
      try {
        const bytes = new Uint8Array(Number(stats.size))
        let size = 0
        for (let isMore = true; isMore && size < bytes.length; ) {
          const { bytesRead } = await file.read(
            bytes,
            size,
            Math.min(CHUNK_BYTES, bytes.length - size),
          )
          size += bytesRead
          isMore = bytesRead > 0
        }
        return bytes.subarray(0, size)
      } finally {
        await file.close()
      }
    } catch (error) {
      throw codeOf(error) === ''
        ? error
        : new OpenFailure(pathErrorText('open', path, error), { cause: error })
    }
  }

  /** A file that $INCLUDE names, at once. Throws an Error whose message says why not. */
  include(path: string): Uint8Array {
    try {
      this.#versions.set(path, ABSENT)
      const stats = statSync(path, { bigint: true })
      this.#admit(path, stats)
      return readFileSync(path)
    } catch (error) {
      throw codeOf(error) === ''
        ? error
        : new Error(pathErrorText('open', path, error), { cause: error })
    }
  }

  #admit(path: string, stats: BigIntStats): void {
    this.#versions.set(path, versionOf(stats))
    if (stats.isDirectory()) throw new Error(`read ${path}: is a directory`)
    if (!stats.isFile()) throw new Error(`read ${path}: is not a regular file`)
    this.#left -= Number(stats.size)
    if (this.#left < 0)
      throw new Error(`read ${path}: the zone is larger than ${MAX_ZONE_FILE_BYTES} bytes`)
  }
}
