// A server that is a program on PATH with one configuration file.

import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { askVersion, findProgram } from '../host/programs.ts'
import type { Contestant, Kind, Place } from './contestant.ts'

export interface PeerParts {
  readonly name: string
  readonly program: string
  readonly kind?: Kind
  readonly threads?: number
  readonly versionArgs: readonly string[]
  /** Name of the configuration file, where the program insists on one. */
  readonly configName?: string
  readonly config: (place: Place) => string
  /** `config` is the path of the file, `folder` a working folder beside it. */
  readonly args: (config: string, folder: string) => readonly string[]
  readonly excused?: Readonly<Record<string, string>>
}

export const peer = (parts: PeerParts): Contestant => {
  const path = findProgram(parts.program)
  let version: string | undefined
  return {
    name: parts.name,
    kind: parts.kind ?? 'cache',
    threads: parts.threads ?? 1,
    absent: path === undefined ? `${parts.program} is not installed` : undefined,
    get version() {
      return (version ??= path === undefined ? '' : askVersion(path, parts.versionArgs))
    },
    ...(parts.excused === undefined ? {} : { excused: parts.excused }),
    launch(place) {
      const config = join(place.folder, parts.configName ?? 'config')
      const work = join(place.folder, 'work')
      mkdirSync(work)
      writeFileSync(config, parts.config(place))
      return { file: path ?? parts.program, args: parts.args(config, work), cwd: work }
    },
  }
}
