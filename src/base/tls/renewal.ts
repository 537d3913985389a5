// The certificate that is in use, and the files that it came from: a better one takes its place, a
// worse one does not. Says so once for each content of the files.

import { type Reading, type ReadText, ReplacedFiles } from '../files/replaced-files.ts'
import { type CertificatePair, dateOf, invalidity } from './certificate-pair.ts'

/** What the files are read to: more than the pair, maybe. */
export interface Renewable {
  readonly pair: CertificatePair
  /** What is to be told of the files though they can be used. */
  readonly warnings: readonly string[]
}

export interface Tell {
  info(text: string): void
  warning(text: string): void
}

export interface InUse<T> {
  readonly value: T
  /** Another text for other contents. */
  readonly version: string
}

const DAY_MS = 24 * 60 * 60 * 1000

export class Renewal<T extends Renewable> {
  readonly #files: ReplacedFiles<T>
  /** What messages call it by. */
  readonly #name: string
  #inUse: InUse<T> | undefined
  /** What the files say now, if it is not in use. */
  #refused: Reading<T> | undefined
  /** The last complaint about the files. */
  #told = ''
  /** The last stage of the life of the one in use that was warned of; '' for none. */
  #warnedOf = ''
  #isLooking = false

  constructor(name: string, read: (read: ReadText) => T) {
    this.#name = name
    this.#files = new ReplacedFiles(read)
  }

  get inUse(): InUse<T> | undefined {
    return this.#inUse
  }

  /** At a load. Throws what is wrong with the files; nothing has changed then. */
  load(tell: Tell, wallMs: number): void {
    const reading = this.#files.read()
    if ('error' in reading.made) throw reading.made.error
    if (this.#inUse === undefined) this.#use(reading.made.value, reading, tell)
    else this.#judge(reading, tell, wallMs)
    this.#warnOfEnd(tell, wallMs)
  }

  /** From time to time. `pause` is the time between two readings of files that have changed. */
  async look(
    tell: Tell,
    wallMs: () => number,
    pause: (ms: number) => Promise<void>,
  ): Promise<void> {
    if (this.#isLooking) return
    this.#isLooking = true
    try {
      const reading = (await this.#files.look(pause)) ?? this.#refused
      if (reading !== undefined) this.#judge(reading, tell, wallMs())
      this.#warnOfEnd(tell, wallMs())
    } finally {
      this.#isLooking = false
    }
  }

  #judge(reading: Reading<T>, tell: Tell, wallMs: number): void {
    this.#refused = undefined
    if (reading.version === this.#inUse?.version) return
    const { made } = reading
    const why = 'error' in made ? textOf(made.error) : this.#worse(made.value.pair, wallMs)
    if (why === undefined && 'value' in made) {
      this.#use(made.value, reading, tell)
      const { shownNames, validToMs } = made.value.pair
      tell.info(
        `${this.#name}: certificate of ${shownNames} renewed, valid until ${dateOf(validToMs)}`,
      )
      return
    }
    // It may become valid, or the one in use expire, without a change of the files.
    this.#refused = reading
    const complaint = `${reading.version} ${why}`
    if (complaint === this.#told) return
    this.#told = complaint
    const rest = this.#inUse === undefined ? '' : '; the certificate of before goes on'
    tell.warning(`${why}${rest}`)
  }

  /** Why the one in use is better. */
  #worse(pair: CertificatePair, wallMs: number): string | undefined {
    const flaw = invalidity(pair, wallMs)
    if (flaw === undefined || this.#inUse === undefined) return undefined
    if (invalidity(this.#inUse.value.pair, wallMs) !== undefined) return undefined
    return `${this.#name}: the certificate of ${pair.shownNames} ${flaw}`
  }

  #use(value: T, { version }: Reading<T>, tell: Tell): void {
    this.#inUse = { value, version }
    this.#refused = undefined
    this.#told = ''
    this.#warnedOf = ''
    for (const warning of value.warnings) tell.warning(warning)
  }

  #warnOfEnd(tell: Tell, wallMs: number): void {
    if (this.#inUse === undefined) return
    const { pair } = this.#inUse.value
    const flaw = invalidity(pair, wallMs)
    const stage = flaw ?? stageOf(pair, wallMs)
    if (stage === this.#warnedOf) return
    this.#warnedOf = stage
    if (stage === '') return
    const state = flaw ?? `expires ${dateOf(pair.validToMs)}`
    tell.warning(`${this.#name}: the certificate of ${pair.shownNames} ${state}`)
  }
}

/** How near the end is; '' while it is far. Parts of its life for those that live for days only. */
const stageOf = ({ validFromMs, validToMs }: CertificatePair, wallMs: number): string => {
  const lifeMs = validToMs - validFromMs
  const leftMs = validToMs - wallMs
  if (leftMs <= Math.min(DAY_MS, lifeMs / 10)) return 'last day'
  return leftMs <= Math.min(14 * DAY_MS, lifeMs / 3) ? 'last weeks' : ''
}

const textOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))
