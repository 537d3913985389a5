// shardns itself, from the sources of this checkout or of another one.

import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Contestant, Place, Variant } from './contestant.ts'
import { corefile } from './corefile.ts'

export const ROOT = join(import.meta.dirname, '..', '..')
export const ENGINES = ['mmsg', 'dgram'] as const
export type Engine = (typeof ENGINES)[number]

/** Of the contestant: the usual engine has the plain name. */
export const nameOf = (engine: Engine): string =>
  engine === 'mmsg' ? 'shardns' : `shardns-${engine}`

export interface ShardnsParts {
  readonly name: string
  readonly engine: Engine
  /** Where its sources, or its built package, lie. */
  readonly root?: string
  /** The command line's program, below `root`. */
  readonly entry?: string
  readonly environment?: Readonly<Record<string, string>>
  readonly variant?: Variant
  /** Gives the Corefile; the usual one by default. */
  readonly write?: (place: Place) => string
}

/**
 * From the sources under load: code that Node's compile cache kept makes misses with engine dgram a
 * tenth dearer.
 */
const STEADY = { NODE_DISABLE_COMPILE_CACHE: '1' }

export const shardns = (parts: ShardnsParts): Contestant => {
  const { name, engine, root = ROOT, entry = 'src/cli.ts', variant = {}, write } = parts
  const { environment = STEADY } = parts
  const threads = variant.threads ?? 1
  return {
    name,
    kind: 'shardns',
    threads,
    absent: undefined,
    version: (JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string })
      .version,
    launch(place) {
      const file = join(place.folder, 'Corefile')
      writeFileSync(file, write?.(place) ?? corefile(place, variant.directives))
      const args = [
        entry,
        '-conf',
        file,
        '--workers',
        String(threads),
        '--engine',
        engine,
        ...(variant.args ?? []),
      ]
      return { file: process.execPath, args, cwd: root, environment }
    },
    variant: (other, more) => shardns({ ...parts, name: other, variant: { ...variant, ...more } }),
  }
}
