// PowerDNS Recursor: forwards everything, validates nothing, one thread.

import { dirname } from 'node:path'
import type { Contestant, Place } from './contestant.ts'
import { peer } from './peer.ts'

// It takes ten queries at a time from one connection unless told otherwise, and refuses to ask
// loopback.
const config = ({ port, upstreamPort, folder }: Place): string => `local-address=127.0.0.1
local-port=${port}
allow-from=127.0.0.0/8
dont-query=
daemon=no
write-pid=no
socket-dir=${folder}
threads=1
pdns-distributes-queries=no
dnssec=off
forward-zones-recurse=.=127.0.0.1:${upstreamPort}
packetcache-ttl=86400
max-cache-entries=1000000
max-packetcache-entries=500000
max-concurrent-requests-per-tcp-connection=1000
max-tcp-clients=2000
max-mthreads=8192
security-poll-suffix=
quiet=yes
loglevel=0
disable-syslog=yes
serve-rfc1918=no
statistics-interval=0
`

export const pdnsRecursor = (): Contestant =>
  peer({
    name: 'pdns_recursor',
    program: 'pdns_recursor',
    versionArgs: ['--version'],
    configName: 'recursor.conf',
    config,
    args: file => [`--config-dir=${dirname(file)}`],
  })
