// Which names a rule matches, and how it renames them. Names are in presentation form with a
// trailing dot. A rename gives undefined for names that it does not change.

import { compileRegexp, type Pattern } from '../../base/text/regexp.ts'
import type { NameMatch } from './rule.ts'

export type Rename = (name: string) => string | undefined

/** Whether a name in lower case matches. */
export const nameTest = ({ how, text }: NameMatch): ((name: string) => boolean) => {
  switch (how) {
    case 'exact':
      return name => name === text
    case 'prefix':
      return name => name.startsWith(text)
    case 'suffix':
      return name => name.endsWith(text)
    case 'substring':
      return name => name.includes(text)
    case 'regex': {
      const pattern = compileRegexp(text)
      return name => pattern.test(name)
    }
  }
}

/** The rename of a match, for names in lower case. */
export const renameOf = ({ how, text }: NameMatch, to: string): Rename => {
  switch (how) {
    case 'exact':
      return name => (name === text ? to : undefined)
    case 'prefix':
      return name => (name.startsWith(text) ? to + name.slice(text.length) : undefined)
    case 'suffix':
      return name => (name.endsWith(text) ? name.slice(0, -text.length) + to : undefined)
    case 'substring':
      return name => (name.includes(text) ? name.split(text).join(to) : undefined)
    case 'regex':
      return patternRename(compileRegexp(text), to)
  }
}

/** No name is longer in presentation form, since each byte takes four characters at most. */
const MOST_CHARACTERS = 1020
const PLACEHOLDER = /\{(0|[1-9][0-9]{0,4})\}/

/** The whole name becomes `to`, where `{N}` stands for the text of group N. */
export const patternRename = (pattern: Pattern, to: string): Rename => {
  // Even positions have text, odd ones have numbers of groups.
  const parts = to.split(PLACEHOLDER)
  const fill = (groups: readonly string[]): string => {
    let name = ''
    for (const [index, part] of parts.entries()) {
      name += index % 2 === 0 ? part : (groups[Number(part)] ?? `{${part}}`)
      // It is too long for a name already.
      if (name.length > MOST_CHARACTERS) break
    }
    return name
  }
  return name => {
    const groups = pattern.find(name)
    return groups && fill(groups)
  }
}

/**
 * `from` and names below it become `to` and names below it. The case of letters does not matter.
 */
export const mapBack = (from: string, to: string): Rename => {
  const below = `.${from}`
  return name => {
    const folded = name.toLowerCase()
    if (folded === from) return to
    return folded.endsWith(below) ? name.slice(0, -from.length) + to : undefined
  }
}

/** Names that end in `from` then end in `to`. The case of letters does not matter. */
export const swapSuffix =
  (from: string, to: string): Rename =>
  name =>
    name.toLowerCase().endsWith(from) ? name.slice(0, -from.length) + to : undefined
