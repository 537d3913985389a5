// Why a module from outside cannot be loaded: a sentence that names the file, and the place in it
// where there is one.

import nodeModule from 'node:module'
import { fileURLToPath } from 'node:url'
import { isProgramFile } from '../base/program.ts'
import { oneLine } from '../base/text/one-line.ts'
import { messageOf, stackOf } from '../chain/errors.ts'
import type { ModuleFile } from '../chain/plugin/outside-module.ts'
import { withoutVersion } from './hooks.ts'

/** First version of each line of Node that strips types. */
const STRIPPING = '22.18'

/**
 * `files` is what has been read: where a syntax error of JavaScript stands, Node does not tell
 * whoever catches it.
 */
export const moduleFault = (
  url: string,
  error: unknown,
  files: ReadonlyMap<string, ModuleFile> = new Map(),
): string => {
  const path = pathOf(url)
  const place = placeOf(stackOf(error)) ?? (isSyntaxError(error) ? parsedPlace(files) : undefined)
  const text = knownText(path, error) ?? withoutVersions(oneLine(messageOf(error)))
  return `${path} cannot be loaded: ${place === undefined ? '' : `${place}: `}${text}`
}

/** As people know the file. */
export const pathOf = (url: string): string =>
  url.startsWith('file:') ? fileURLToPath(withoutVersion(url)) : url

const withoutVersions = (text: string): string => text.replaceAll(/[^\s'"]+/g, withoutVersion)

const isSyntaxError = (error: unknown): boolean => stackOf(error).includes('SyntaxError')

/** Where Node's own words say little. */
const knownText = (path: string, error: unknown): string | undefined => {
  const { code, message = '' } = Object(error) as { code?: unknown; message?: string }
  switch (code) {
    case 'ERR_UNSUPPORTED_NODE_MODULES_TYPE_STRIPPING':
      return 'Node strips no types under node_modules: the package has to bring JavaScript'
    case 'ERR_UNKNOWN_FILE_EXTENSION':
      if (/\.[cm]?ts\b/.test(message))
        return `Node ${process.version} strips no types: it takes JavaScript, or Node ${STRIPPING} or later`
      return message.includes(path) ? 'it is neither JavaScript nor TypeScript' : undefined
    case 'ERR_IMPORT_ATTRIBUTE_MISSING':
      return path.endsWith('.json') ? 'it is neither JavaScript nor TypeScript' : undefined
    default:
      return undefined
  }
}

/** Above the error itself: the place, the line, and mostly a mark under the column. */
const HEADER = /^(.*):(\d+)\n/
const MARK = /^([\t ]*)\^+$/m
const ERROR = /^\w*Error(?: \[\w+\])?: /m
const FRAME = /(?:\(|\bat |\basync )((?:file:\/\/|\/)[^()]*):(\d+):(\d+)\)?$/

/** `FILE:LINE:COLUMN` of the first place that is not of the program. */
const placeOf = (stack: string): string | undefined => {
  const header = headerIn(stack)
  if (header !== undefined && header.file !== '') return `${pathOf(header.file)}${header.place}`
  for (const frame of stack.split('\n')) {
    const [, where = '', row, column] = FRAME.exec(frame) ?? []
    if (where !== '' && !isProgramFile(where)) return `${pathOf(where)}:${row}:${column}`
  }
  return undefined
}

interface Header {
  readonly file: string
  /** `:LINE:COLUMN`; at the end of a line there is no mark. */
  readonly place: string
}

const headerIn = (stack: string): Header | undefined => {
  const [head = ''] = stack.split(ERROR, 1)
  const [, file, line] = HEADER.exec(head) ?? []
  if (file === undefined) return undefined
  const indent = MARK.exec(head)?.[1]
  return { file, place: indent === undefined ? `:${line}` : `:${line}:${indent.length + 1}` }
}

/** The first place that is no JavaScript, by the parser that strips types. */
const parsedPlace = (files: ReadonlyMap<string, ModuleFile>): string | undefined => {
  for (const [url, { format, source }] of files) {
    if (format !== 'module' && format !== 'commonjs') continue
    try {
      nodeModule.stripTypeScriptTypes?.(textOf(source))
    } catch (error) {
      const header = headerIn(stackOf(error))
      if (header !== undefined) return `${pathOf(url)}${header.place}`
    }
  }
  return undefined
}

const textOf = (source: string | Uint8Array): string =>
  typeof source === 'string' ? source : new TextDecoder().decode(source)
