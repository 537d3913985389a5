// The repository's own TypeScript files as text, for the tests that hold for all of them.

import { globSync, readFileSync } from 'node:fs'
import { dirname, join, normalize, resolve } from 'node:path'

export const ROOT = resolve(import.meta.dirname, '../..')

export interface SourceFile {
  /** Relative to the repository, with slashes. */
  readonly path: string
  readonly text: string
  readonly isTest: boolean
  /**
   * What it imports: paths relative to the repository, or names of packages. Type-only imports
   * count as well.
   */
  readonly imports: readonly string[]
  /** Those of them that are still there when types are stripped. */
  readonly valueImports: readonly string[]
}

const IMPORT =
  /^(?:import|export)\s(?<kind>type\s)?(?:[^'";]*?\sfrom\s+)?'(?<path>[^']+)'|\bimport\('(?<lazy>[^']+)'\)/gm

const importsOf = (
  path: string,
  text: string,
  isCounted: (kind: string | undefined) => boolean,
): string[] =>
  [...text.matchAll(IMPORT)].flatMap(({ groups = {} }) => {
    const target = groups.path ?? groups.lazy ?? ''
    if (!isCounted(groups.kind)) return []
    return target.startsWith('.') ? normalize(join(dirname(path), target)) : target
  })

export const readRepositoryFile = (path: string): string => readFileSync(join(ROOT, path), 'utf8')

/** Files that any of the glob patterns match, relative to the repository, sorted. */
export const repositoryPaths = (...patterns: string[]): string[] =>
  globSync(patterns, { cwd: ROOT }).sort()

export const sourceFiles = (...folders: string[]): SourceFile[] =>
  repositoryPaths(...folders.map(folder => `${folder}/**/*.ts`)).map(path => {
    const text = readRepositoryFile(path)
    return {
      path,
      text,
      isTest: /\.test\.ts$/.test(path),
      imports: importsOf(path, text, () => true),
      valueImports: importsOf(path, text, kind => kind === undefined),
    }
  })
