// The package as npm makes it, in a temporary folder: built and packed from a copy, so that this
// checkout's dist stays as it is. Whatever the script `build` of package.json does is done there.

import { execFileSync } from 'node:child_process'
import { cpSync, mkdirSync, readdirSync, symlinkSync } from 'node:fs'
import { join, relative } from 'node:path'
import { temporaryFolder } from './cleanup.ts'

/** What the build has no need of. */
const LEFT = new Set(['node_modules', '.git', 'dist', 'test', 'bench'])

const run = (cwd: string, file: string, args: readonly string[]): string =>
  execFileSync(file, args, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })

/** Its scripts before and after would install what is there, or build into the wrong place. */
const npm = (cwd: string, ...args: readonly string[]): string =>
  run(cwd, 'npm', [...args, '--ignore-scripts', '--silent'])

/** By the folder of the sources. */
const packed = new Map<string, string>()

/** Returns the folder that has the archive. */
const pack = (root: string): string => {
  const copy = temporaryFolder()
  cpSync(root, copy, { recursive: true, filter: path => !LEFT.has(relative(root, path)) })
  symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'))
  npm(copy, 'run', 'build')
  const folder = temporaryFolder()
  npm(copy, 'pack', '--pack-destination', folder)
  return folder
}

/**
 * Returns the folder of the installed package, new at each call: nothing was ever started there,
 * and nothing keeps its compiled code. Its dependencies are those of `root`. Throws if it cannot be
 * built.
 */
export const installPackage = (root: string): string => {
  const archive = packed.get(root) ?? pack(root)
  packed.set(root, archive)
  const installed = temporaryFolder()
  run(installed, 'sh', ['-c', 'tar -xzf "$0"/*.tgz', archive])
  const folder = join(installed, 'package')
  const modules = join(folder, 'node_modules')
  mkdirSync(modules)
  // One by one: a folder of its own for what a start keeps.
  for (const name of readdirSync(join(root, 'node_modules')))
    if (!name.startsWith('.')) symlinkSync(join(root, 'node_modules', name), join(modules, name))
  return folder
}
