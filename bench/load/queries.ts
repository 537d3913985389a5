// The query files that dnsperf reads. Each is written once per run of the suite, always the same
// for the same arguments.

import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Random, seeded, shuffle, zipf } from './random.ts'

export const NAMES = 10_000
const SEED = 20_26
/** One unique name in so many queries of a mix. */
const MISS_EVERY = 10
const FEW = 100

/**
 * `hits`, `zipf` and `nxdomain` ask what stands in the zone; `misses` asks names that were never
 * asked before.
 */
export type QuerySet = 'hits' | 'zipf' | 'misses' | 'nxdomain'

export class QueryFiles {
  readonly #folder: string

  constructor(folder: string) {
    this.#folder = folder
  }

  /** Every cached name once, A and AAAA. */
  hits(): string {
    return this.#file('hits', () => shuffle(bothTypes('n'), seeded(SEED)))
  }

  /** Every cached name once, A only. */
  addresses(): string {
    return this.#file('addresses', () =>
      shuffle(
        bothTypes('n').filter(line => line.endsWith(' A')),
        seeded(SEED + 3),
      ),
    )
  }

  /** Every name of a zone with that many, A and AAAA. */
  zone(names: number): string {
    return this.#file('zone', () => shuffle(bothTypes('n', names), seeded(SEED + 5)))
  }

  /** Names that do not exist, each once. */
  nxdomain(): string {
    return this.#file('nxdomain', () => shuffle(bothTypes('x'), seeded(SEED + 1)))
  }

  /** `count` names of the wildcard; another `tag` gives other names. */
  misses(tag: string, count: number): string {
    return this.#file(`misses-${tag}`, () =>
      Array.from({ length: count }, (_, n) => `${tag}-${n}.miss.test A`),
    )
  }

  /** Popular names often, rare ones seldom, and one in ten never asked before. */
  zipf(tag: string, count: number): string {
    return this.#file(`zipf-${tag}`, () => {
      const random = seeded(SEED + 2)
      const draw = zipf(NAMES, random)
      return Array.from({ length: count }, (_, n) =>
        n % MISS_EVERY === 0 ? `z${tag}-${n}.miss.test A` : known(draw(), random),
      )
    })
  }

  /** A of each name that is given; `set` tells several lists apart. */
  named(set: string, names: readonly string[]): string {
    return this.#file(`named-${set}`, () =>
      shuffle(
        names.map(name => `${name} A`),
        seeded(SEED + 4),
      ),
    )
  }

  /** The same hundred names again and again, and one in ten never asked before. */
  mostlyKnown(count: number): string {
    return this.#file(`mostly-known-${count}`, () =>
      Array.from({ length: count }, (_, n) =>
        n % MISS_EVERY === 0 ? `k${n}.miss.test A` : `n${(n * 7) % FEW}.test A`,
      ),
    )
  }

  #file(name: string, lines: () => readonly string[]): string {
    const path = join(this.#folder, `queries-${name}`)
    if (!existsSync(path)) writeFileSync(path, `${lines().join('\n')}\n`)
    return path
  }
}

const bothTypes = (letter: string, names = NAMES): string[] =>
  Array.from({ length: names }, (_, n) => [
    `${letter}${n}.test A`,
    `${letter}${n}.test AAAA`,
  ]).flat()

const known = (rank: number, random: Random): string =>
  `n${rank}.test ${random() < 0.5 ? 'A' : 'AAAA'}`
