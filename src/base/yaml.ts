// Reads YAML. The only importer of `yaml`, which is loaded when there is some to read.

import type { Document, Node } from 'yaml'
import { loadPackage } from './program.ts'

export interface YamlText {
  /** The contents as plain data, with what aliases repeat; integers are bigints. */
  readonly value: unknown
  /**
   * The line, from 1, of the key that a path of keys leads to; of the last one on the way that is
   * there.
   */
  lineOf(path: readonly string[]): number
}

/** Not `import`: Node 22 may give two that come at once a module that is not complete yet. */
const loadYaml = () => loadPackage<typeof import('yaml')>('yaml')

/** Of one document. Throws an Error of one sentence that does not name the file. */
export const parseYaml = (text: string): YamlText => {
  const { parseDocument } = loadYaml()
  const document = parseDocument(text, {
    prettyErrors: false,
    intAsBigInt: true,
    logLevel: 'error',
  })
  const lineAt = (offset: number): number => text.slice(0, offset).split('\n').length
  const [error] = document.errors
  if (error !== undefined) {
    // The library's text for several documents names a function of its own.
    const why =
      error.code === 'MULTIPLE_DOCS'
        ? 'a second document begins here'
        : error.message.split('\n', 1)[0]
    throw new Error(`line ${lineAt(error.pos[0])} is no YAML: ${why}`)
  }
  return {
    value: withAliases(document),
    lineOf: path => lineAt(offsetOf(document.contents, path)),
  }
}

/** More is an attack on memory, not a configuration. */
const ALIAS_LIMIT = 100

/** The contents, with what aliases repeat. */
const withAliases = (document: Pick<Document, 'toJS'>): unknown => {
  try {
    return document.toJS({ maxAliasCount: ALIAS_LIMIT })
  } catch {
    // The one thing that it throws for once parsing has gone well.
    throw new Error(`its aliases repeat more than ${ALIAS_LIMIT} times`)
  }
}

/** Where the last key of the path that is there begins. */
const offsetOf = (contents: Node | null, path: readonly string[]): number => {
  const { isMap, isScalar, isNode } = loadYaml()
  let node: unknown = contents
  let offset = contents?.range?.[0] ?? 0
  for (const name of path) {
    if (!isMap(node)) break
    const pair = node.items.find(({ key }) => isScalar(key) && String(key.value) === name)
    if (!isNode(pair?.key)) break
    offset = pair.key.range?.[0] ?? offset
    node = pair.value
  }
  return offset
}

export const isMapping = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

export const isScalar = (value: unknown): value is string | number | boolean | bigint =>
  ['string', 'number', 'boolean', 'bigint'].includes(typeof value)
