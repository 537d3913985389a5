// shardns as its users install it: the built package, started by the command that npm links. The
// sources cost more memory and a slower start, since every thread strips types.

import type { Bench } from '../bench.ts'
import { temporaryFolder } from '../host/cleanup.ts'
import { installPackage } from '../host/package.ts'
import type { Contestant } from './contestant.ts'
import { ENGINES, type Engine, nameOf, ROOT, type ShardnsParts, shardns } from './shardns.ts'

export const BUILT = '-built'
/** In the package and in a checkout. */
const COMMAND = 'src/bin.cjs'

const partsOf = (name: string, engine: Engine): ShardnsParts => ({
  ...{ name, engine, root: installPackage(ROOT), entry: COMMAND, environment: {} },
})

/** The package in the place of the sources. Throws if it cannot be built. */
export const instead = (): Contestant[] =>
  ENGINES.map(engine => shardns(partsOf(nameOf(engine), engine)))

/**
 * Beside each engine whose sources take part, its package, never started before. A comparison of
 * revisions has other names, and no packages.
 */
export const installed = (
  cast: readonly Contestant[],
  bench: Bench,
  notes: string[],
): ShardnsParts[] => {
  const engines = ENGINES.map(engine => ({ engine, name: nameOf(engine) })).filter(({ name }) =>
    cast.some(contestant => contestant.name === name),
  )
  if (engines.length === 0) return []
  try {
    bench.progress('building the package')
    return engines.map(({ engine, name }) => partsOf(`${name}${BUILT}`, engine))
  } catch (error) {
    const { stderr, stdout } = error as { stderr?: string; stdout?: string }
    notes.push(
      `The package could not be built: ${(stderr || stdout || String(error)).split('\n')[0]}`,
    )
    return []
  }
}

export const builtOf = (cast: readonly Contestant[], bench: Bench, notes: string[]): Contestant[] =>
  installed(cast, bench, notes).map(parts => shardns(parts))

/**
 * A checkout as `npm start` runs it: what its threads stripped of types is kept, here in a folder
 * that begins empty.
 */
export const checkout = (name: string): Contestant =>
  shardns({
    name,
    engine: 'mmsg',
    entry: COMMAND,
    environment: { NODE_COMPILE_CACHE: temporaryFolder() },
  })
