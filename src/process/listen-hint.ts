// Hints for a port that cannot be bound: a line below CoreDNS's own, which has only the system's
// error.

import { readFileSync, realpathSync } from 'node:fs'
import { parsePort, splitHostPort } from '../corefile/words/host-port.ts'
import type { ListenAddress } from '../net/engine.ts'
import { type PortHolder, portHolders } from '../net/port-holders.ts'
import type { Protocol } from '../net/proc-sockets.ts'

export interface HintMachine {
  readonly isLinux: boolean
  /** Path of this process's program, with links resolved: capabilities belong to the file. */
  readonly program: string
  /** The first port that everybody may listen on. */
  readonly unprivilegedStart: () => number
  readonly holders: (protocol: Protocol, place: ListenAddress) => readonly PortHolder[]
}

const PORT_START = '/proc/sys/net/ipv4/ip_unprivileged_port_start'
/** Where the system does not say otherwise. */
const DEFAULT_PORT_START = 1024

const unprivilegedStart = (): number => {
  try {
    return Number(readFileSync(PORT_START, 'utf8'))
  } catch {
    return DEFAULT_PORT_START
  }
}

const programPath = (): string => {
  try {
    return realpathSync(process.execPath)
  } catch {
    return process.execPath
  }
}

const thisMachine = (): HintMachine => ({
  isLinux: process.platform === 'linux',
  program: programPath(),
  unprivilegedStart,
  holders: portHolders,
})

/** As they stand at the end of errors, with or without what CoreDNS puts before. */
const FAILURE = /\blisten (tcp|udp) (\S+): bind: (permission denied|address already in use)$/

/** The hint for an error's text, from any thread; undefined if there is none. */
export const listenHint = (
  message: string,
  machine: HintMachine = thisMachine(),
): string | undefined => {
  const [, protocol, address = '', reason] = FAILURE.exec(message) ?? []
  if (protocol === undefined) return undefined
  const split = splitHostPort(address)
  const port = 'error' in split ? undefined : parsePort(split.port)
  if ('error' in split || port === undefined) return undefined
  return reason === 'permission denied'
    ? permissionHint(port, machine)
    : holderHint(machine.holders(protocol as Protocol, { address: split.host, port }))
}

const permissionHint = (port: number, machine: HintMachine): string | undefined => {
  const { isLinux, program } = machine
  const start = machine.unprivilegedStart()
  // Something else forbids it: a sandbox, say.
  if (port >= start) return undefined
  const elsewhere = 'serve another port (-dns.port 1053, or .:1053 in the Corefile)'
  if (!isLinux) return `hint: ports below ${start} are root's here: run it as root, or ${elsewhere}`
  return `hint: ports below ${start} need a right: sudo setcap cap_net_bind_service=+ep ${quoted(program)}, or sudo sysctl net.ipv4.ip_unprivileged_port_start=${port}, or ${elsewhere}`
}

/** Quoted for a shell. */
const quoted = (path: string): string =>
  /^[\w./@+-]+$/.test(path) ? path : `'${path.replaceAll("'", `'\\''`)}'`

/** The local resolver of most desktops and many servers. */
const RESOLVED = 'systemd-resolved'
const RESOLVED_PLACE = /^127\.0\.0\.5[34]:53$/

const isResolved = ({ at, process: owner }: PortHolder): boolean =>
  owner === undefined ? RESOLVED_PLACE.test(at) : owner.name === RESOLVED

const holderHint = (holders: readonly PortHolder[]): string | undefined => {
  const known = holders.find(({ process: owner }) => owner !== undefined)
  const holder = holders.find(isResolved) ?? known ?? holders[0]
  if (holder === undefined) return undefined
  const { at, process: owner } = holder
  const who = owner === undefined ? 'another process' : `${owner.name} (process ${owner.pid})`
  const held = `hint: ${at} is held by ${who}`
  if (!isResolved(holder)) return owner === undefined ? `${held}: sudo ss -lntup names it` : held
  const seen = owner === undefined ? `, which is ${RESOLVED} as a rule` : ''
  return `${held}${seen}: set DNSStubListener=no in /etc/systemd/resolved.conf and restart ${RESOLVED}, or name the addresses to serve with bind in the Corefile`
}
