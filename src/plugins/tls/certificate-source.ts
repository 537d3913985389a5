// A certificate in files that are looked at from time to time. What is served changes once whole
// files that fit together are there; until then what was served before goes on. It is kept over
// reloads of the Corefile, so that a session can be resumed after one.

import { statSync } from 'node:fs'
import { randomBytes } from '../../base/entropy.ts'
import type { Clock } from '../../base/time/clock.ts'
import { messageOf } from '../../chain/errors.ts'
import type { TlsMaterial, TlsServing } from '../../chain/listening.ts'
import type { Kept } from '../../chain/plugin/control-scope.ts'
import { readTlsFiles } from '../../chain/tls-files.ts'
import { underRoot } from '../../corefile/options/values.ts'
import type { Logger } from '../../log/logger.ts'
import { type CertificateFacts, certificateFacts, dateText } from './certificate.ts'
import type { TlsFiles } from './options.ts'

const TICKET_KEY_BYTES = 48
/** Who has a ticket key can read the sessions that were resumed with it. */
const KEY_AGE_MS = 12 * 3600 * 1000
/** Files that are the same so long after one another are whole. */
const SETTLE_MS = 250
const MOST_READS = 8
const DAY_MS = 24 * 3600 * 1000

/** When to say that a certificate ends soon; one that lives shortly is renewed late, too. */
const WARNINGS = [
  { beforeMs: DAY_MS, part: 1 / 10 },
  { beforeMs: 14 * DAY_MS, part: 1 / 4 },
]

export interface SourceParts {
  readonly identity: string
  readonly options: TlsFiles
  readonly root: string
  readonly clock: Clock
  /** Waits for so long. */
  readonly pause: (ms: number) => Promise<void>
}

type Reading = { readonly material: TlsMaterial } | { readonly fault: Error }

export class CertificateSource implements Kept {
  readonly #parts: SourceParts
  readonly #paths: readonly string[]
  #serving: TlsServing | undefined
  #facts: CertificateFacts = { names: [], fromMs: 0, untilMs: 0 }
  #keysMs = 0
  /** The files as they were when they were last found to be what is served. */
  #seen = ''
  /** What is wrong with them since the last look, and what a line has told of. */
  #fault = ''
  #toldFault = ''
  /** Of the certificate that is served: warnings that have been given. */
  readonly #warned = new Set<string>()
  #isNews = false
  #looking: Promise<void> | undefined

  constructor(parts: SourceParts) {
    this.#parts = parts
    this.#paths = parts.options.files.map(file => underRoot(file, parts.root))
  }

  /** After a load. */
  get serving(): TlsServing {
    if (this.#serving === undefined) throw new Error('no certificate has been loaded')
    return this.#serving
  }

  get facts(): CertificateFacts {
    return this.#facts
  }

  /** For the log: its names, or its file. */
  get name(): string {
    return this.#facts.names.join(', ') || (this.#parts.options.files[0] ?? '')
  }

  /**
   * Reads the files for a configuration that begins to serve them. Throws ArgumentError for files
   * that cannot be used.
   */
  load(log: Logger): void {
    const seen = this.#signature()
    const { options, root } = this.#parts
    this.#take(readTlsFiles(options.files, root) as TlsMaterial, seen)
    this.#warn(log)
  }

  /** A look at the files. Never rejects. */
  look(log: Logger): Promise<void> {
    this.#looking ??= this.#look(log).finally(() => {
      this.#looking = undefined
    })
    return this.#looking
  }

  /** True once for each certificate that has been renewed: there is news to log. */
  takeNews(): boolean {
    const isNews = this.#isNews
    this.#isNews = false
    return isNews
  }

  dispose(): void {
    // It holds no more than memory.
  }

  async #look(log: Logger): Promise<void> {
    const { clock } = this.#parts
    if (this.#signature() !== this.#seen) await this.#renew(log)
    if (clock.ms() - this.#keysMs >= KEY_AGE_MS) this.#serve(this.serving.material)
    this.#warn(log)
  }

  async #renew(log: Logger): Promise<void> {
    let seen = this.#signature()
    let before = this.#read()
    for (let reads = 1; reads < MOST_READS; reads++) {
      await this.#parts.pause(SETTLE_MS)
      seen = this.#signature()
      const reading = this.#read()
      const isWhole = isSame(before, reading)
      before = reading
      if (isWhole) break
    }
    const fault = 'fault' in before ? messageOf(before.fault) : this.#unwanted(before.material)
    if (fault !== undefined) this.#refuse(fault, seen, log)
    else if ('material' in before) {
      this.#fault = ''
      this.#isNews = this.#take(before.material, seen) || this.#isNews
    }
  }

  #read(): Reading {
    const { options, root } = this.#parts
    try {
      return { material: readTlsFiles(options.files, root) as TlsMaterial }
    } catch (error) {
      return { fault: error instanceof Error ? error : new Error(messageOf(error)) }
    }
  }

  /** Why a certificate is not to replace one that is valid. */
  #unwanted({ cert }: TlsMaterial): string | undefined {
    const nowMs = this.#parts.clock.wallMs()
    const { untilMs, fromMs } = certificateFacts(cert)
    const isServedValid = this.#facts.fromMs <= nowMs && nowMs < this.#facts.untilMs
    if (!isServedValid || cert === this.#serving?.material?.cert) return undefined
    if (untilMs <= nowMs) return `the new certificate has expired on ${dateText(untilMs)}`
    return fromMs > nowMs
      ? `the new certificate is not valid before ${dateText(fromMs)}`
      : undefined
  }

  /** Files that are being written look wrong for a moment: a second look decides. */
  #refuse(fault: string, seen: string, log: Logger): void {
    const isStill = this.#fault === `${seen} ${fault}`
    this.#fault = `${seen} ${fault}`
    if (!isStill || this.#toldFault === this.#fault) return
    this.#toldFault = this.#fault
    log.warning(
      `${this.#parts.options.files.join(' ')}: ${fault}; the certificate of before goes on`,
    )
  }

  /** Returns whether it is another one. */
  #take(material: TlsMaterial, seen: string): boolean {
    this.#seen = seen
    if (this.#serving !== undefined && isSameMaterial(this.#serving.material, material))
      return false
    this.#facts = certificateFacts(material.cert)
    this.#warned.clear()
    this.#serve(material)
    return true
  }

  /** With new keys: tickets that were given before are no good any more. */
  #serve(material: TlsMaterial | undefined): void {
    const { identity, options, root, clock } = this.#parts
    this.#keysMs = clock.ms()
    this.#serving = {
      identity,
      version: (this.#serving?.version ?? 0) + 1,
      material,
      names: this.#facts.names,
      clientAuth: options.clientAuth,
      keylog: options.keylog === '' ? '' : underRoot(options.keylog, root),
      ticketKeys: new Uint8Array(randomBytes(TICKET_KEY_BYTES)),
    }
  }

  #warn(log: Logger): void {
    const { fromMs, untilMs } = this.#facts
    const nowMs = this.#parts.clock.wallMs()
    const once = (about: string, text: string): void => {
      if (this.#warned.has(about)) return
      this.#warned.add(about)
      log.warning(`the certificate of ${this.name} ${text}`)
    }
    if (nowMs >= untilMs) once('expired', `has expired on ${dateText(untilMs)}`)
    if (nowMs < fromMs) once('early', `is not valid before ${dateText(fromMs)}`)
    if (nowMs >= untilMs || nowMs < fromMs) return
    const lifeMs = untilMs - fromMs
    const due = WARNINGS.find(
      ({ beforeMs, part }) => untilMs - nowMs <= Math.min(beforeMs, lifeMs * part),
    )
    if (due !== undefined) once(`${due.beforeMs}`, `ends on ${dateText(untilMs)}`)
  }

  /** Of the files that the names lead to now, through links. */
  #signature(): string {
    return this.#paths.map(signatureOf).join(' ')
  }
}

const signatureOf = (path: string): string => {
  try {
    const { dev, ino, size, mtimeNs, ctimeNs } = statSync(path, { bigint: true })
    return `${dev}:${ino}:${size}:${mtimeNs}:${ctimeNs}`
  } catch (error) {
    return messageOf(error)
  }
}

const isSame = (some: Reading, other: Reading): boolean => {
  if ('fault' in some) return 'fault' in other && some.fault.message === other.fault.message
  return 'material' in other && isSameMaterial(some.material, other.material)
}

const isSameMaterial = (some: TlsMaterial | undefined, other: TlsMaterial): boolean =>
  some?.cert === other.cert && some.key === other.key && some.ca === other.ca
