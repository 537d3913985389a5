// Finds programs on PATH and asks them for their version. Servers live in sbin, which a user's PATH
// may lack.

import { spawnSync } from 'node:child_process'
import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'

export const APT_LINE =
  'apt-get install dnsperf nsd unbound dnsdist bind9 dnsmasq-base pdns-recursor knot-resolver'

const folders = [
  ...(process.env.PATH ?? '').split(delimiter),
  '/usr/local/sbin',
  '/usr/sbin',
  '/sbin',
]

export const findProgram = (name: string): string | undefined =>
  folders
    .map(folder => join(folder, name))
    .find(path => {
      try {
        accessSync(path, constants.X_OK)
        return true
      } catch {
        return false
      }
    })

/** The first thing that looks like a version in what the program says; '' if there is none. */
export const askVersion = (path: string, args: readonly string[]): string => {
  const { stdout, stderr } = spawnSync(path, args, {
    encoding: 'utf8',
    timeout: 10_000,
    env: { ...process.env, LC_ALL: 'C' },
  })
  const text = `${stdout}${stderr}`
  return (
    /(?:version|recursor|unbound|dnsdist|BIND|CoreDNS-)\s*v?(\d+\.\d+[\w.]*)/i.exec(text)?.[1] ??
    /\d+\.\d+\.\d+/.exec(text)?.[0] ??
    ''
  )
}
