// dnsmasq: one thread by nature.

import type { Contestant, Place } from './contestant.ts'
import { peer } from './peer.ts'

const config = ({ port, upstreamPort }: Place): string => `port=${port}
listen-address=127.0.0.1
bind-interfaces
user=root
pid-file=
no-resolv
no-hosts
server=127.0.0.1#${upstreamPort}
cache-size=50000
dns-forward-max=20000
no-poll
no-daemon
log-facility=/dev/null
`

export const dnsmasq = (): Contestant =>
  peer({
    name: 'dnsmasq',
    program: 'dnsmasq',
    versionArgs: ['--version'],
    config,
    args: file => ['-k', '-C', file],
    excused: {
      tcp: 'it forks a process for each TCP connection, at most 20: its CPU time would not be counted',
    },
  })
