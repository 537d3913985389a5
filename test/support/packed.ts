// The npm package as it is published, made of a copy of the checkout, and installed in a folder
// without a registry: what it depends on is linked to what the checkout has.

import { spawnSync } from 'node:child_process'
import {
  chmodSync,
  cpSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  symlinkSync,
  utimesSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { type Cleanup, temporaryFolder } from './server-process.ts'
import { ROOT } from './source-files.ts'

/** What the build reads, and what is packed. */
const TAKEN = [
  'src',
  'workers',
  'docs',
  'Corefile',
  'LICENSE',
  'README.md',
  'package.json',
  'package-lock.json',
  'tsconfig.json',
  '.tsconfig.build.json',
  '.install.mjs',
  '.npmrc',
]

const run = (command: string, args: readonly string[], folder: string): string => {
  const { status, stdout, stderr } = spawnSync(command, args, { cwd: folder, encoding: 'utf8' })
  if (status !== 0) throw new Error(`${command} ${args.join(' ')} fails:\n${stdout}\n${stderr}`)
  return stdout
}

/** Builds and packs; gives the folder that the package unpacks to. */
export const packed = (t: Cleanup): string => {
  const folder = temporaryFolder(t)
  for (const path of TAKEN) cpSync(join(ROOT, path), join(folder, path), { recursive: true })
  symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'))
  // What is installed is newer than what asks for it: nothing is to be installed here.
  utimesSync(join(folder, 'package-lock.json'), 0, 0)
  run('npm', ['pack', '--silent'], folder)
  const tarball = readdirSync(folder).find(name => name.endsWith('.tgz')) ?? ''
  run('tar', ['-xzf', tarball], folder)
  return join(folder, 'package')
}

interface Manifest {
  readonly name: string
  readonly bin: Readonly<Record<string, string>>
  readonly dependencies: Readonly<Record<string, string>>
}

/** What `npm install` does with the unpacked package, which is moved. */
export const install = (unpacked: string, folder: string): void => {
  const modules = join(folder, 'node_modules')
  const text = readFileSync(join(unpacked, 'package.json'), 'utf8')
  const { name, bin, dependencies } = JSON.parse(text) as Manifest
  mkdirSync(join(modules, '.bin'), { recursive: true })
  renameSync(unpacked, join(modules, name))
  for (const [command, path] of Object.entries(bin)) {
    chmodSync(join(modules, name, path), 0o755)
    symlinkSync(join('..', name, path), join(modules, '.bin', command))
  }
  for (const dependency of Object.keys(dependencies)) {
    mkdirSync(dirname(join(modules, dependency)), { recursive: true })
    symlinkSync(join(ROOT, 'node_modules', dependency), join(modules, dependency))
  }
}
