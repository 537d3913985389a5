// Regular expressions that operators write: RE2 syntax and linear time, as in CoreDNS. V8's engine
// backtracks and must never see them.

import type { RE2JS } from 're2js'
import { loadPackage } from '../program.ts'

/**
 * Loaded with the first pattern: its tables take 2 MiB of each thread, and few Corefiles have a
 * pattern.
 */
const loadRe2 = () => loadPackage<typeof import('re2js')>('re2js')

/** CoreDNS's limit, in bytes. */
export const PATTERN_LIMIT = 10_000

export interface Pattern {
  /** How many groups it has, without the whole. */
  readonly groups: number
  /** Groups that have a name. */
  readonly groupNames: ReadonlyMap<string, number>
  /** Whether any part of `text` matches. */
  test(text: string): boolean
  /**
   * The first part of `text` that matches, and behind it what each group took: '' for a group that
   * took no part. Undefined if nothing matches.
   */
  find(text: string): readonly string[] | undefined
}

/** Length of a pattern as CoreDNS counts it: bytes of UTF-8. */
export const patternLength = (pattern: string): number => Buffer.byteLength(pattern)

export const isPatternTooLong = (pattern: string): boolean => patternLength(pattern) > PATTERN_LIMIT

/**
 * Compiles RE2 syntax. Throws an Error with RE2's text, such as "error parsing regexp: missing
 * closing ): `(`".
 */
export const compileRegexp = (pattern: string): Pattern => {
  if (isPatternTooLong(pattern))
    throw new Error(`regex pattern too long: ${patternLength(pattern)} > ${PATTERN_LIMIT}`)
  let compiled: RE2JS
  try {
    compiled = loadRe2().RE2JS.compile(pattern)
  } catch (error) {
    throw new Error(error instanceof Error ? error.message : String(error), { cause: error })
  }
  const groups = compiled.groupCount()
  return {
    groups,
    groupNames: new Map(Object.entries(compiled.namedGroups())),
    test: text => compiled.test(text),
    find(text) {
      const matcher = compiled.matcher(text)
      if (!matcher.find()) return undefined
      return Array.from({ length: groups + 1 }, (_, group) => matcher.group(group) ?? '')
    },
  }
}
