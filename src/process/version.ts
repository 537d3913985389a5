// What `-version` prints, and the server at its start: our version, and the CoreDNS release whose
// behaviour it follows.

import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { endianness } from 'node:os'
import { dirname, join } from 'node:path'

/** The release of CoreDNS that shardns is compared with. */
export const COREDNS_VERSION = '1.14.7'

/** The folder of our package.json: the checkout, or the installed package. */
export const packageFolder = (): string => {
  let folder = import.meta.dirname
  while (!existsSync(join(folder, 'package.json'))) folder = dirname(folder)
  return folder
}

/** The version in package.json. */
export const shardnsVersion = (): string => {
  const { version } = JSON.parse(readFileSync(join(packageFolder(), 'package.json'), 'utf8')) as {
    version: string
  }
  return version
}

/**
 * Short hash of the checkout's commit; `release` when we do not run from a checkout, `unknown` when
 * git does not tell.
 */
export const revision = (): string => {
  const folder = packageFolder()
  if (!existsSync(join(folder, '.git'))) return 'release'
  try {
    return execFileSync('git', ['rev-parse', '--short', 'HEAD'], {
      cwd: folder,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
      timeout: 2000,
    }).trim()
  } catch {
    // No git on this machine, a folder that belongs to somebody else, or no commit yet: the version
    // is printed all the same.
    return 'unknown'
  }
}

const GO_ARCHITECTURES: Readonly<Record<string, string>> = {
  x64: 'amd64',
  ia32: '386',
  ppc64: endianness() === 'LE' ? 'ppc64le' : 'ppc64',
}

/** `linux/amd64`: this machine in Go's names. */
export const goPlatform = (): string => {
  const os = process.platform === 'win32' ? 'windows' : process.platform
  return `${os}/${GO_ARCHITECTURES[process.arch] ?? process.arch}`
}

/** Which program this is, and which release of CoreDNS it follows. */
export const programText = (): string =>
  `shardns-${shardnsVersion()} (CoreDNS-${COREDNS_VERSION} compatible)`

/** The two lines of `-version`, in CoreDNS's shape, the second without a line end. */
export const versionText = (): string =>
  `${programText()}\n${goPlatform()}, node${process.versions.node}, ${revision()}`
