// CoreDNS: the same Corefile, one thread of Go code.

import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { askVersion, findProgram } from '../host/programs.ts'
import type { Contestant, Place } from './contestant.ts'
import { corefile } from './corefile.ts'

/** `write` gives the Corefile: one that forwards and caches, if nothing else is said. */
export const coredns = (write: (place: Place) => string = corefile): Contestant => {
  const path = findProgram('coredns')
  return {
    name: 'coredns',
    kind: 'cache',
    threads: 1,
    absent: path === undefined ? 'coredns is not installed' : undefined,
    version: path === undefined ? '' : askVersion(path, ['-version']),
    launch(place) {
      const file = join(place.folder, 'Corefile')
      const work = join(place.folder, 'work')
      mkdirSync(work)
      writeFileSync(file, write(place))
      // GOMAXPROCS=1: one thread, as all others have.
      return {
        file: 'env',
        args: ['GOMAXPROCS=1', path ?? 'coredns', '-conf', file, '-quiet'],
        cwd: work,
      }
    },
  }
}
