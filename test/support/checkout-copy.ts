// A copy of the checkout, in which npm scripts may be run, and the package that is made of it.

import { execFileSync } from 'node:child_process'
import { chmodSync, cpSync, mkdirSync, readFileSync, symlinkSync, utimesSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { type Cleanup, temporaryFolder } from './server-process.ts'
import { ROOT } from './source-files.ts'

const LEFT_OUT = ['node_modules', '.git', 'dist', join('test', 'golden'), join('bench', 'results')]

export const copyCheckout = (folder: string): void => {
  const isWanted = (path: string): boolean => !LEFT_OUT.includes(relative(ROOT, path))
  cpSync(ROOT, folder, { recursive: true, filter: isWanted })
  symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'))
  // What is installed is newer than what asks for it: nothing is to be installed here.
  utimesSync(join(folder, 'package-lock.json'), 0, 0)
}

export interface InstalledPackage {
  /** An empty folder but for `node_modules`, in which `shardns` is the package. */
  readonly folder: string
  /** Relative to the package. */
  readonly files: readonly string[]
}

/**
 * Builds, packs and installs, without a registry: what the package asks for is linked to what the
 * checkout has installed. Gone after the test.
 */
export const installPackage = (t: Cleanup): InstalledPackage => {
  const checkout = temporaryFolder(t)
  copyCheckout(checkout)
  const packed = execFileSync('npm', ['pack', '--json'], { cwd: checkout, encoding: 'utf8' })
  // What the build has to say comes first.
  const [{ filename, files }] = JSON.parse(packed.slice(packed.search(/^\[$/m))) as [
    { filename: string; files: readonly { path: string }[] },
  ]
  const folder = temporaryFolder(t)
  const place = join(folder, 'node_modules/shardns')
  mkdirSync(place, { recursive: true })
  execFileSync('tar', ['-xf', join(checkout, filename), '-C', place, '--strip-components=1'])
  const { bin, dependencies = {} } = JSON.parse(
    readFileSync(join(place, 'package.json'), 'utf8'),
  ) as {
    bin: Record<string, string>
    dependencies?: Record<string, string>
  }
  mkdirSync(join(folder, 'node_modules/.bin'))
  for (const [command, path] of Object.entries(bin)) {
    chmodSync(join(place, path), 0o755)
    symlinkSync(join('../shardns', path), join(folder, 'node_modules/.bin', command))
  }
  for (const name of Object.keys(dependencies)) {
    const link = join(folder, 'node_modules', name)
    mkdirSync(dirname(link), { recursive: true })
    symlinkSync(join(ROOT, 'node_modules', name), link)
  }
  return { folder, files: files.map(({ path }) => path) }
}
