// Where the program's own files are: in a checkout its sources, in the package what the build has
// made of them, whose folders are those of the sources. Several sources may lie in one built file,
// so no other file asks where it is itself.

import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'

const HERE = import.meta.url
/** The folder in which .build.mjs writes. */
const BUILT = '/dist/'
const SOURCE_FILE = /\/src\/base\/program\.ts$/

/** The program runs from its sources: types are stripped as it is loaded. */
export const isFromSource = SOURCE_FILE.test(HERE)

/** URL of the folder that has `src` and `workers`. */
const ROOT = isFromSource
  ? new URL('../../', HERE).href
  : HERE.slice(0, HERE.lastIndexOf(BUILT) + BUILT.length)

/** The folder of package.json: the checkout, or the installed package. */
export const packageFolder = (): string => fileURLToPath(isFromSource ? ROOT : new URL('../', ROOT))

/** A module of the program by its path in the repository, without its suffix. */
export const programFile = (path: string): URL =>
  new URL(`${path}${isFromSource ? '.ts' : '.js'}`, ROOT)

/** A folder of the program by its path in the repository. */
export const programFolder = (path: string): string => fileURLToPath(new URL(path, ROOT))

/**
 * All code of the program lies there, built or not. In a checkout, files of others lie beside these
 * folders.
 */
const CODE = (isFromSource ? ['src/'] : ['', '../src/'])
  .map(path => new URL(path, ROOT).href)
  .flatMap(url => [url, fileURLToPath(url)])

/** Whether a URL, or a path as it stands in a stack, is that of one of the program's files. */
export const isProgramFile = (urlOrPath: string): boolean =>
  CODE.some(folder => urlOrPath.startsWith(folder))

/** Whether a stack has a file of the program. */
export const namesProgram = (stack: string): boolean => CODE.some(folder => stack.includes(folder))

/**
 * A package that is CommonJS, or that is needed seldom and then at once: loaded synchronously. The
 * build makes a file of each (.build.mjs).
 */
export const loadPackage = <T>(name: string): T =>
  createRequire(HERE)(isFromSource ? name : fileURLToPath(new URL(`vendor/${name}.js`, ROOT))) as T
