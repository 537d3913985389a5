// The package as npm makes it, in a temporary folder: built and packed from a copy, so that this
// checkout's dist stays as it is.

import { execFileSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { temporaryFolder } from './cleanup.ts'

const run = (cwd: string, file: string, args: readonly string[]): string =>
  execFileSync(file, args, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })

/** Returns the folder of the installed package. Throws if it cannot be built. */
export const installPackage = (root: string): string => {
  const copy = temporaryFolder()
  const installed = temporaryFolder()
  const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
    files: string[]
  }
  for (const name of [
    'package.json',
    'README.md',
    'LICENSE',
    ...manifest.files.filter(file => file !== 'dist'),
  ]) {
    if (existsSync(join(root, name)))
      cpSync(join(root, name), join(copy, name), { recursive: true })
  }
  run(root, process.execPath, ['.build.mjs', join(copy, 'dist')])
  // Its scripts would build into the wrong place.
  run(copy, 'npm', ['pack', '--ignore-scripts', '--silent', '--pack-destination', installed])
  const folder = join(installed, 'package')
  mkdirSync(folder)
  run(installed, 'sh', ['-c', 'tar -xzf *.tgz'])
  return folder
}
