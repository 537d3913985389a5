// Both halves on main that docs/plugins.md shows, of a plugin that reads a file.

import { readTextFile } from '../../src/base/text-file.ts'
import type { ControlScope } from '../../src/chain/control-scope.ts'
import type { InspectScope } from '../../src/chain/inspect-scope.ts'
import { underRoot } from '../../src/corefile/values.ts'

export interface ListOptions {
  readonly file: string
}

const readList = (file: string, root: string): string[] =>
  readTextFile(underRoot(file, root)).trim().split('\n')

export const inspect = async (options: ListOptions, scope: InspectScope): Promise<void> => {
  await scope.attempt(() => readList(options.file, scope.settings.root))
}

export const control = (options: ListOptions, scope: ControlScope): readonly string[] =>
  readList(options.file, scope.settings.root)
