// From the text of a zone file to the tree that answers, in slices; and the checks that CoreDNS
// makes of a zone.

import { getU32 } from '../wire/header.ts'
import { nameToText } from '../wire/name.ts'
import { TYPE_NSEC3, TYPE_NSEC3PARAM, TYPE_SOA } from '../wire/rrtypes.ts'
import { MasterFileParser } from './master-file.ts'
import type { ZoneTree } from './tree.ts'
import { SERIAL_FROM_END, type TreeMemory, ZoneBuilder } from './zone-builder.ts'
import type { ZoneProblem } from './zone-problem.ts'

export interface ZoneFileOptions {
  /** The path of the file: named in problems; paths of $INCLUDE are relative to its folder. */
  readonly file: string
  /** Wire form. */
  readonly origin: Uint8Array
  readonly text: string | Uint8Array
  /** Gives the content of a file that $INCLUDE names; what it throws becomes a problem. */
  readonly readFile?: (path: string) => string | Uint8Array
  /** Whether a zone with this serial is of use: of the first SOA record that there is. */
  readonly isWanted?: (serial: number) => boolean
  /** Where the tree is to stand; in memory of its own by default. */
  readonly memory?: TreeMemory
}

export class ZoneLoader {
  readonly #options: ZoneFileOptions
  readonly #parser: MasterFileParser
  readonly #builder: ZoneBuilder
  #isParsed = false
  #isUnwanted = false
  #serial: number | undefined
  #tree: ZoneTree | undefined

  constructor(options: ZoneFileOptions) {
    this.#options = options
    this.#builder = new ZoneBuilder(options.origin, options.memory)
    this.#parser = new MasterFileParser({
      ...options,
      record: (owner, type, cls, ttlSeconds, rdata) => {
        if (type === TYPE_SOA && this.#serial === undefined) this.#judge(rdata)
        if (type === TYPE_NSEC3 || type === TYPE_NSEC3PARAM)
          return 'a zone that is signed with NSEC3 cannot be served'
        return this.#builder.add(owner, type, cls, ttlSeconds, rdata)
          ? undefined
          : 'the zone is too large for this record'
      },
    })
  }

  /**
   * Works for some milliseconds; whether all is done. A caller yields between slices. Throws what
   * `memory` throws.
   */
  slice(): boolean {
    if (!this.#isParsed) {
      this.#isParsed = this.#parser.parseSlice()
      if (this.#isUnwanted) return true
      if (this.#isParsed && this.problems.length === 0 && !this.#builder.hasSoa)
        this.#failWithoutSoa()
      return this.#isParsed && this.problems.length > 0
    }
    if (!this.#builder.buildSlice()) return false
    this.#tree = this.#builder.build()
    return true
  }

  /** Whatever is wrong with the file, up to a bound; there is then no tree. */
  get problems(): readonly ZoneProblem[] {
    return this.#parser.problems
  }

  /** Once slice says that all is done, if there is no problem. */
  get tree(): ZoneTree | undefined {
    return this.#tree
  }

  /** Whether all of the text has been read. */
  get isParsed(): boolean {
    return this.#isParsed
  }

  /** The zone is of no use, whatever else the file has: there is no tree. */
  get isUnwanted(): boolean {
    return this.#isUnwanted
  }

  /** Of the first SOA record, once it has been read. */
  get serial(): number | undefined {
    return this.#serial
  }

  #judge(rdata: Uint8Array): void {
    this.#serial = getU32(rdata, rdata.length - SERIAL_FROM_END)
    this.#isUnwanted = this.#options.isWanted?.(this.#serial) === false
  }

  #failWithoutSoa(): void {
    const { file, origin } = this.#options
    this.#parser.problems.push({
      file,
      line: 0,
      column: 0,
      message: `there is no SOA record for zone ${nameToText(origin)}`,
    })
  }
}

/** All at once: for small zones. */
export const loadZone = (options: ZoneFileOptions): ZoneTree | readonly ZoneProblem[] => {
  const loader = new ZoneLoader(options)
  while (!loader.slice());
  return loader.tree ?? loader.problems
}
