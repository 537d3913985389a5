// Unbound: forwards everything, validates nothing, one thread unless told otherwise.

import type { Contestant, Place } from './contestant.ts'
import { peer } from './peer.ts'

// It answers `test.` itself without the local-zone line, asks nobody on loopback without
// do-not-query-localhost, and has ten TCP buffers.
const config = ({ port, upstreamPort }: Place, threads: number): string => `server:
  interface: 127.0.0.1@${port}
  access-control: 127.0.0.0/8 allow
  num-threads: ${threads}
  so-reuseport: yes
  do-daemonize: no
  chroot: ""
  username: ""
  pidfile: ""
  directory: ""
  use-syslog: no
  verbosity: 0
  module-config: "iterator"
  local-zone: "test." nodefault
  do-not-query-localhost: no
  msg-cache-size: 64m
  rrset-cache-size: 128m
  so-rcvbuf: 4m
  so-sndbuf: 4m
  incoming-num-tcp: 200
  outgoing-range: 8192
  num-queries-per-thread: 4096
remote-control:
  control-enable: no
forward-zone:
  name: "."
  forward-addr: 127.0.0.1@${upstreamPort}
`

export const unbound = (name = 'unbound', threads = 1): Contestant => ({
  ...peer({
    name,
    program: 'unbound',
    threads,
    versionArgs: ['-V'],
    config: place => config(place, threads),
    args: file => ['-d', '-p', '-c', file],
  }),
  variant: (other, variant) => unbound(other, variant.threads ?? threads),
})
