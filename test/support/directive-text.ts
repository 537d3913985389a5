// Corefile text to the Directive that a plugin's parse is given, by the real parser.

import { inspectBlocks } from '../../src/corefile/keys.ts'
import { type Directive, directiveOf } from '../../src/corefile/options/directive.ts'
import { DIRECTIVES } from '../../src/corefile/order.ts'
import type { Loader } from '../../src/corefile/parse/loader.ts'
import { parseCorefile } from '../../src/corefile/parse/parser.ts'

const NO_FILES: Loader = {
  readFile: path => {
    throw new Error(`open ${path}: no such file or directory`)
  },
  kindOf: () => undefined,
  listDir: () => [],
}

/**
 * All occurrences of the first directive in `KEYS {\n TEXT \n}` of a file named Corefile: the
 * directive stands on line 2. Directives that are `known` besides need not be on the order list.
 */
export const directive = (text: string, keys = '.', known: readonly string[] = []): Directive => {
  const source = { text: `${keys} {\n${text}\n}\n`, file: 'Corefile', baseDir: '/nonexistent' }
  const { blocks } = parseCorefile(source, NO_FILES, {}, [...DIRECTIVES, ...known])
  const [block] = inspectBlocks(blocks, { defaultPort: 53 })
  const [name] = block?.block.directives.keys() ?? []
  const found =
    block && name !== undefined ? directiveOf(block.block, name, block.zones) : undefined
  if (found === undefined) throw new Error(`no directive in: ${text}`)
  return found
}
