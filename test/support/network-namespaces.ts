// Hosts of our own: network namespaces joined by a pair of virtual interfaces. They take root and
// iproute2.

import { execFileSync } from 'node:child_process'
import { type Cleanup, hasProgram } from './server-process.ts'

const reason = (): false | string => {
  if (process.platform !== 'linux') return "network namespaces are Linux's"
  if (process.getuid?.() !== 0) return 'network namespaces take root'
  return hasProgram('ip') ? false : 'ip is not installed'
}

/** For the `skip` of a test. */
export const withoutNamespaces = reason()

const ip = (...args: string[]): void =>
  void execFileSync('ip', args, { stdio: ['ignore', 'ignore', 'pipe'] })

export interface Host {
  /** What to put before a command that runs there. */
  readonly inside: readonly string[]
}

export interface Pair {
  readonly near: Host
  readonly far: Host
  /** Takes the interfaces away and makes new ones with the same names and addresses. */
  rejoin(): void
}

const named = (t: Cleanup, name: string): Host => {
  ip('netns', 'add', name)
  t.after(() => ip('netns', 'del', name))
  return { inside: ['ip', 'netns', 'exec', name] }
}

const run = ({ inside }: Host, ...command: string[]): void => {
  const [file = '', ...args] = [...inside, ...command]
  execFileSync(file, args, { stdio: ['ignore', 'ignore', 'pipe'] })
}

let last = 0

/**
 * Two hosts: interface `d0` of the near one has fe80::a, fd00:d::a and 10.99.0.1, `d1` of the far
 * one fe80::b, fd00:d::b and 10.99.0.2.
 */
export const makePair = (t: Cleanup): Pair => {
  const prefix = `shardns-${process.pid}-${last++}`
  const near = named(t, `${prefix}-a`)
  const far = named(t, `${prefix}-b`)
  for (const host of [near, far]) run(host, 'ip', 'link', 'set', 'lo', 'up')
  const join = (): void => {
    ip(
      'link',
      'add',
      'd0',
      'netns',
      `${prefix}-a`,
      'type',
      'veth',
      'peer',
      'name',
      'd1',
      'netns',
      `${prefix}-b`,
    )
    setUp(near, 'd0', 'a', '10.99.0.1')
    setUp(far, 'd1', 'b', '10.99.0.2')
  }
  join()
  const rejoin = (): void => {
    run(near, 'ip', 'link', 'del', 'd0')
    join()
  }
  return { near, far, rejoin }
}

const setUp = (host: Host, device: string, end: string, v4: string): void => {
  run(host, 'ip', 'link', 'set', device, 'addrgenmode', 'none')
  run(host, 'ip', 'link', 'set', device, 'up')
  for (const address of [`fe80::${end}/64`, `fd00:d::${end}/64`])
    run(host, 'ip', 'addr', 'add', address, 'dev', device, 'nodad')
  run(host, 'ip', 'addr', 'add', `${v4}/24`, 'dev', device)
}

/** For the `skip` of what takes `hostOfManyAddresses`. */
export const withoutManyAddresses =
  withoutNamespaces || (hasProgram('nsenter') ? false : 'nsenter is not installed')

/**
 * A host for which every address of 10.0.0.0/8 and fd00::/16 is its own, to listen at and to ask
 * from. What runs there sees the control groups of this one: `ip netns exec` would hide them.
 */
export const hostOfManyAddresses = (t: Cleanup): Host => {
  const name = `shardns-${process.pid}-${last++}`
  named(t, name)
  const host = { inside: ['nsenter', `--net=/var/run/netns/${name}`] }
  run(host, 'ip', 'link', 'set', 'lo', 'up')
  run(host, 'ip', 'route', 'add', 'local', '10.0.0.0/8', 'dev', 'lo')
  run(host, 'ip', '-6', 'route', 'add', 'local', 'fd00::/16', 'dev', 'lo')
  // A local route is enough to ask from an address of IPv4; for IPv6 it is not.
  run(host, 'sh', '-c', 'echo 1 > /proc/sys/net/ipv6/ip_nonlocal_bind')
  return host
}

/** A host that has ::1 and fd00::53, and no 127.0.0.1. */
export const hostWithoutIpv4 = (t: Cleanup): Host => {
  const host = named(t, `shardns-${process.pid}-${last++}`)
  run(host, 'ip', 'link', 'set', 'lo', 'up')
  run(host, 'ip', 'addr', 'del', '127.0.0.1/8', 'dev', 'lo')
  run(host, 'ip', 'addr', 'add', 'fd00::53/128', 'dev', 'lo', 'nodad')
  return host
}
