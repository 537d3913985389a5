// The version lines of `-version` and of the server's start: our version, and the CoreDNS release
// whose behaviour it follows.

import { existsSync, readFileSync, statSync } from 'node:fs'
import { endianness } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { packageFolder } from '../base/program.ts'

/** The release of CoreDNS that shardns is compared with. */
export const COREDNS_VERSION = '1.14.7'

/** The version in package.json. */
export const shardnsVersion = (): string => {
  const { version } = JSON.parse(readFileSync(join(packageFolder(), 'package.json'), 'utf8')) as {
    version: string
  }
  return version
}

/** Of a commit's hash, as git shows it. */
const SHORT_HASH = 7

/**
 * Short hash of the checkout's commit; `release` when we do not run from a checkout, `unknown` when
 * there is no commit yet. Read from git's own files: to start git takes longer than all else here.
 */
export const revision = (folder = packageFolder()): string => {
  const place = join(folder, '.git')
  if (!existsSync(place)) return 'release'
  try {
    return commitIn(gitFolder(place))?.slice(0, SHORT_HASH) ?? 'unknown'
  } catch {
    // Files of another user, or of another version of git: the version is printed all the same.
    return 'unknown'
  }
}

/** Of a worktree `.git` is a file that says where its folder is (gitrepository-layout(5)). */
const gitFolder = (place: string): string => {
  if (statSync(place).isDirectory()) return place
  const [, folder = ''] = /^gitdir: (.*)$/m.exec(readFileSync(place, 'utf8')) ?? []
  return resolve(dirname(place), folder)
}

/** HEAD is a hash, or a branch whose hash stands in a file, or in the list of packed ones. */
const commitIn = (folder: string): string | undefined => {
  const head = readFileSync(join(folder, 'HEAD'), 'utf8').trim()
  if (!head.startsWith(REF)) return head
  const ref = head.slice(REF.length)
  const common = join(folder, 'commondir')
  const shared = existsSync(common) ? resolve(folder, readFileSync(common, 'utf8').trim()) : folder
  const loose = join(shared, ref)
  if (existsSync(loose)) return readFileSync(loose, 'utf8').trim()
  const packed = readFileSync(join(shared, 'packed-refs'), 'utf8').split('\n')
  return packed.find(line => line.endsWith(` ${ref}`))?.split(' ')[0]
}

const REF = 'ref: '

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

/** Name and version of this program, and the release of CoreDNS that it follows. */
export const programText = (): string =>
  `shardns-${shardnsVersion()} (CoreDNS-${COREDNS_VERSION} compatible)`

/** The two lines of `-version`, in CoreDNS's shape, the second without a line end. */
export const versionText = (): string =>
  `${programText()}\n${goPlatform()}, node${process.versions.node}, ${revision()}`
