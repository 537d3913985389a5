// Other versions of Node, from the npm registry, at the moment that a test asks for one: they are
// not among the dev dependencies, since each is 120 MB on the disk of everybody who installs those.

import { execFile } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { ROOT } from './source-files.ts'

const CACHE = join(ROOT, 'node_modules/.cache/shardns-nodes')
const LIMIT_MS = 100_000

/** The oldest one that the package runs on, as package.json says. */
export const OLDEST = '22.15.0'
/** Newer ones, which strip types: the tests themselves run on them. */
export const NEWER: readonly string[] = ['22.23.5', '24.22.3']

/** The package that has nothing but the program. It runs no script when it is installed. */
const PACKAGE = `node-${process.platform === 'darwin' && process.arch === 'arm64' ? 'bin-' : ''}${process.platform}-${process.arch}`

const run = promisify(execFile)

/** Path of the program, fetched once; rejects with the reason where it cannot be had. */
export const otherNode = async (version: string): Promise<string> => {
  const folder = join(CACHE, version)
  const program = join(folder, 'node_modules', PACKAGE, 'bin/node')
  if (existsSync(program)) return program
  mkdirSync(CACHE, { recursive: true })
  // Whole or not there: several test files may ask at once.
  const partial = mkdtempSync(join(CACHE, `${version}-`))
  try {
    writeFileSync(join(partial, 'package.json'), '{}')
    const flags = ['--no-save', '--prefer-offline', '--ignore-scripts', '--fetch-retries=0']
    await run('npm', ['install', ...flags, `${PACKAGE}@${version}`], {
      cwd: partial,
      timeout: LIMIT_MS,
    })
    renameSync(partial, folder)
  } catch (error) {
    if (!existsSync(program)) throw error
  } finally {
    rmSync(partial, { recursive: true, force: true })
  }
  return program
}
