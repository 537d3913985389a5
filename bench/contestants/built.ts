// shardns as its users install it: from the built package. The sources cost more memory and a
// slower start, since every thread strips types.

import type { Bench } from '../bench.ts'
import { installPackage } from '../host/package.ts'
import type { Contestant } from './contestant.ts'
import { ENGINES, ROOT, shardns } from './shardns.ts'

export const BUILT = '-built'

/**
 * Beside each engine whose sources take part, its package. A comparison of revisions has other
 * names, and no packages.
 */
export const builtOf = (
  cast: readonly Contestant[],
  bench: Bench,
  notes: string[],
): Contestant[] => {
  const engines = ENGINES.map(engine => ({
    engine,
    name: engine === 'mmsg' ? 'shardns' : `shardns-${engine}`,
  })).filter(({ name }) => cast.some(contestant => contestant.name === name))
  if (engines.length === 0) return []
  try {
    bench.progress('building the package')
    const root = installPackage(ROOT)
    return engines.map(({ engine, name }) =>
      shardns({ name: `${name}${BUILT}`, engine, root, entry: 'dist/src/cli.js' }),
    )
  } catch (error) {
    const { stderr, stdout } = error as { stderr?: string; stdout?: string }
    notes.push(
      `The package could not be built: ${(stderr || stdout || String(error)).split('\n')[0]}`,
    )
    return []
  }
}
