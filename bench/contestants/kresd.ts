// Knot Resolver: forwards everything, validates nothing, one process.

import type { Contestant, Place } from './contestant.ts'
import { peer } from './peer.ts'

// STUB leaves resolution to the upstream; FORWARD would check what comes back as a resolver does.
const config = ({ port, upstreamPort }: Place): string => `net.ipv6 = false
net.listen('127.0.0.1', ${port}, { kind = 'dns' })
trust_anchors.remove('.')
cache.size = 200 * MB
modules.unload('ta_signal_query')
modules.unload('ta_sentinel')
modules.unload('priming')
modules.unload('detect_time_skew')
modules.unload('detect_time_jump')
policy.add(policy.all(policy.STUB('127.0.0.1@${upstreamPort}')))
log_level('crit')
`

export const kresd = (): Contestant =>
  peer({
    name: 'kresd',
    program: 'kresd',
    versionArgs: ['--version'],
    config,
    args: (file, folder) => ['-n', '-q', '-c', file, folder],
  })
