// Files of the machine as one process is to see them. It takes root and util-linux.

import { spawnSync } from 'node:child_process'
import { hasProgram } from './server-process.ts'

const reason = (): false | string => {
  if (process.platform !== 'linux') return "mount namespaces are Linux's"
  if (process.getuid?.() !== 0) return 'mount namespaces take root'
  if (!hasProgram('unshare')) return 'unshare is not installed'
  const { status } = spawnSync('unshare', ['--mount', 'true'])
  return status === 0 ? false : 'mount namespaces are not allowed'
}

/** For the `skip` of a test. */
export const withoutMounts = reason()

/** A command for which `file` stands in the place of `target`. It keeps its process id. */
export const mounting = (file: string, target: string, command: readonly string[]): string[] => {
  const script = 'mount --bind "$1" "$2" && shift 2 && exec "$@"'
  return ['unshare', '--mount', 'sh', '-c', script, 'sh', file, target, ...command]
}
