// Where code stands in the sources. A stack in the package names built files, in which the sources
// of several plugins lie; the package has the sources beside them, and maps between the two.

import { readFileSync } from 'node:fs'
import { SourceMap, type SourceMapPayload } from 'node:module'
import { fileURLToPath } from 'node:url'
import { isFromSource, isProgramFile } from '../program.ts'

/** By the URLs of built files; undefined for those without a map. */
const maps = new Map<string, SourceMap | undefined>()

const mapOf = (url: string): SourceMap | undefined => {
  if (!maps.has(url)) maps.set(url, readMap(url))
  return maps.get(url)
}

const readMap = (url: string): SourceMap | undefined => {
  try {
    const text = readFileSync(`${fileURLToPath(url)}.map`, 'utf8')
    return new SourceMap(JSON.parse(text) as SourceMapPayload)
  } catch {
    // Left out by whoever packed it: the place in the built file is told.
    return undefined
  }
}

const PLACE = /(file:[^\s()]+\.js):(\d+):(\d+)/g

/** A stack with the places of the program's own code as they are in the sources. */
export const sourceStack = (stack: string): string =>
  isFromSource
    ? stack
    : stack.replace(PLACE, (place, url: string, line: string, column: string) => {
        if (!isProgramFile(url)) return place
        const origin = mapOf(url)?.findOrigin(Number(line), Number(column))
        if (origin === undefined || !('fileName' in origin)) return place
        const { fileName, lineNumber, columnNumber } = origin
        return `${new URL(fileName, url).href}:${lineNumber}:${columnNumber}`
      })
