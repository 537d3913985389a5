// Go's filepath.Glob for absolute patterns, as far as import allows them: no classes, one `*`, one
// `?`.

import type { Loader } from './loader.ts'

const WILDCARD = /[*?[\\]/

/** A regular expression that matches only this text. */
export const literalPattern = (text: string): string =>
  text.replaceAll(/[\\^$.*+?()[\]{}|]/g, '\\$&')

/** One path component as a regular expression; undefined if the pattern is malformed. */
const componentPattern = (component: string): RegExp | undefined => {
  let source = ''
  for (let i = 0; i < component.length; i++) {
    const character = component[i] ?? ''
    if (character === '[') return undefined
    if (character === '*') source += '[^]*'
    else if (character === '?') source += '(?:[\\ud800-\\udbff][\\udc00-\\udfff]|[^])'
    else if (character !== '\\') source += literalPattern(character)
    else if (++i < component.length) source += literalPattern(component[i] ?? '')
    else return undefined
  }
  return new RegExp(`^${source}$`)
}

export const hasWildcard = (pattern: string): boolean => /[*?[\]]/.test(pattern)

/**
 * Paths that match, in lexical order; undefined for a malformed pattern. A pattern without
 * wildcards matches what exists.
 */
export const glob = (pattern: string, loader: Loader): string[] | undefined => {
  let folders = ['']
  for (const component of pattern.split('/').slice(1)) {
    if (!WILDCARD.test(component)) {
      folders = folders.map(folder => `${folder}/${component}`)
      continue
    }
    const matcher = componentPattern(component)
    if (matcher === undefined) return undefined
    folders = folders.flatMap(folder => {
      const names = loader.listDir(folder === '' ? '/' : folder).filter(name => matcher.test(name))
      return names.sort().map(name => `${folder}/${name}`)
    })
  }
  return folders.filter(path => loader.kindOf(path) !== undefined)
}
