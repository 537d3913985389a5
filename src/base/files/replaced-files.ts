// Files that are replaced while they are in use, such as certificates: whether they have changed,
// and what they say once nobody writes them any more.

import { createHash } from 'node:crypto'
import { statSync } from 'node:fs'
import { codeOf } from './errno.ts'
import { readTextFile } from './text-file.ts'

/** The whole file as text. Throws an Error of one sentence that names it. */
export type ReadText = (path: string) => string

/** What the files came to when they were read. */
export interface Reading<T> {
  /** Another text for other contents. */
  readonly version: string
  /** What was made of them, or the error of making it. */
  readonly made: { readonly value: T } | { readonly error: unknown }
}

/** Between two readings, which must be equal. */
const SETTLE_MS = 250
/** Files that change for longer are left to the next look. */
const MOST_READINGS = 8

interface Snapshot<T> extends Reading<T> {
  /** What `stat` said of each file before it was read. */
  readonly states: ReadonlyMap<string, string>
}

export class ReplacedFiles<T> {
  readonly #make: (read: ReadText) => T
  #last: Snapshot<T> | undefined

  /** `make` may ask for any files, and for other ones each time. It does nothing else. */
  constructor(make: (read: ReadText) => T) {
    this.#make = make
  }

  /** As the files are now. */
  read(): Reading<T> {
    this.#last = this.#snapshot()
    return this.#last
  }

  /**
   * What the files say, if that is not what they said last. `pause` is the time between readings.
   */
  async look(pause: (ms: number) => Promise<void>): Promise<Reading<T> | undefined> {
    if (this.#last !== undefined && isAsBefore(this.#last.states)) return undefined
    let found = this.#snapshot()
    for (let readings = 1; readings < MOST_READINGS; readings++) {
      await pause(SETTLE_MS)
      const again = this.#snapshot()
      const isSettled = again.version === found.version
      found = again
      if (!isSettled) continue
      const isNew = found.version !== this.#last?.version
      this.#last = found
      return isNew ? found : undefined
    }
    return undefined
  }

  #snapshot(): Snapshot<T> {
    const states = new Map<string, string>()
    const texts = new Map<string, string>()
    const hash = createHash('sha256')
    const read = (path: string): string => {
      const known = texts.get(path)
      if (known !== undefined) return known
      states.set(path, stateOf(path))
      try {
        const text = readTextFile(path)
        texts.set(path, text)
        hash.update(`${path}\0${text.length}\0${text}`)
        return text
      } catch (error) {
        hash.update(`${path}\0${String(error)}\0`)
        throw error
      }
    }
    return { states, made: madeBy(this.#make, read), version: hash.digest('hex') }
  }
}

const madeBy = <T>(make: (read: ReadText) => T, read: ReadText): Reading<T>['made'] => {
  try {
    return { value: make(read) }
  } catch (error) {
    return { error }
  }
}

const isAsBefore = (states: ReadonlyMap<string, string>): boolean =>
  states.entries().every(([path, state]) => stateOf(path) === state)

/** Of the file at the end of all links: a kubelet replaces a link above those that it mounts. */
const stateOf = (path: string): string => {
  try {
    const { dev, ino, mtimeNs, ctimeNs, size } = statSync(path, { bigint: true })
    return `${dev} ${ino} ${mtimeNs} ${ctimeNs} ${size}`
  } catch (error) {
    return codeOf(error)
  }
}
