// Texts that requests are made with (tokens, certificates, keys), fixed or in a file that may be
// replaced at any time. Decides when to read again.

import type { Stats } from 'node:fs'
import { readFile, stat } from 'node:fs/promises'
import { codeOf, errnoText } from '../../base/files/errno.ts'
import type { Clock } from '../../base/time/clock.ts'
import { KubeError } from '../kube-error.ts'

/** A file is read again at this age even if it looks unchanged. */
const MAXIMUM_AGE_MS = 60_000
const SIZE_LIMIT_BYTES = 4 * 1024 * 1024

export interface TextSource {
  /** Where it comes from: a path, or the name of a setting and its file. */
  readonly name: string
  /** The text as it is now. Rejects with a KubeError if there never was one. */
  read(): Promise<string>
  /** Forgets how fresh the text is: the next read looks at the file. */
  expire(): void
}

export const fixedText = (name: string, text: string): TextSource => ({
  name,
  read: () => Promise.resolve(text),
  expire: () => undefined,
})

/**
 * A file that is looked at on each read. Kubelets replace projected files by changing a link above
 * them, which shows in what `stat` says. A file that is gone for a moment, or for good, leaves the
 * last text in use.
 */
export class TextFile implements TextSource {
  readonly name: string
  readonly #clock: Clock
  #text: string | undefined
  #version = ''
  #readMs = 0

  constructor(path: string, clock: Clock) {
    this.name = path
    this.#clock = clock
  }

  async read(): Promise<string> {
    try {
      const version = await this.#look()
      const nowMs = this.#clock.ms()
      if (
        this.#text === undefined ||
        version !== this.#version ||
        nowMs - this.#readMs >= MAXIMUM_AGE_MS
      ) {
        this.#text = await readFile(this.name, 'utf8')
        this.#version = version
        this.#readMs = nowMs
      }
      return this.#text
    } catch (error) {
      if (this.#text !== undefined) return this.#text
      throw unreadable(this.name, error)
    }
  }

  expire(): void {
    this.#version = ''
  }

  async #look(): Promise<string> {
    const { dev, ino, mtimeMs, ctimeMs, size } = await plainFile(this.name)
    return `${dev} ${ino} ${mtimeMs} ${ctimeMs} ${size}`
  }
}

/** Reads a small file once. Rejects with a KubeError that names it. */
export const readText = async (path: string): Promise<string> => {
  try {
    await plainFile(path)
    return await readFile(path, 'utf8')
  } catch (error) {
    throw unreadable(path, error)
  }
}

/** Pipes could hang and devices never end: files only. */
const plainFile = async (path: string): Promise<Stats> => {
  const found = await stat(path)
  if (!found.isFile()) throw new KubeError('credentials', `${path} is no file`)
  if (found.size > SIZE_LIMIT_BYTES)
    throw new KubeError('credentials', `${path} is larger than ${SIZE_LIMIT_BYTES} bytes`)
  return found
}

const unreadable = (path: string, error: unknown): KubeError => {
  if (error instanceof KubeError) return error
  const reason = codeOf(error) === 'ENOENT' ? 'there is no such file' : errnoText(error)
  return new KubeError('credentials', `${path} cannot be read: ${reason}`, { cause: error })
}
