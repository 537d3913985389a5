// Both halves on main that docs/plugins.md shows, of a plugin that reads a file.

import { definePlugin, readTextFile } from '../../src/index.ts'
import { optionTable, requiredArgument, text, underRoot } from '../../src/options.ts'

const readList = (file: string, root: string): string[] =>
  readTextFile(underRoot(file, root)).trim().split('\n')

export const listFile = definePlugin({
  options: optionTable('once', {
    rows: { file: requiredArgument('FILE', text('FILE'), { does: 'where the list stands' }) },
  }),
  inspect: async ({ file }, scope) => {
    await scope.attempt(() => readList(file, scope.settings.root))
  },
  control: ({ file }, scope) => readList(file, scope.settings.root),
})
