// dnsdist: a load balancer with a packet cache, and once more without it, as a plain forwarder.

import type { Contestant, Place } from './contestant.ts'
import { peer } from './peer.ts'

// One UDP listener, one TCP worker. It keeps no cache unless told to, and drops what waits for more
// than maxUDPOutstanding.
const config = (
  { port, upstreamPort }: Place,
  hasCache: boolean,
): string => `setLocal('127.0.0.1:${port}')
setACL('127.0.0.0/8')
setVerboseHealthChecks(false)
setSecurityPollSuffix('')
setMaxUDPOutstanding(65535)
setUDPSocketBufferSizes(4194304, 4194304)
setMaxTCPClientThreads(1)
setMaxTCPQueriesPerConnection(0)
newServer({address='127.0.0.1:${upstreamPort}', sockets=8, healthCheckMode='up'})
getServer(0):setUp()
${hasCache ? "getPool(''):setCache(newPacketCache(100000, {maxTTL=86400}))" : ''}
`

const dnsdistWith = (name: string, hasCache: boolean): Contestant =>
  peer({
    name,
    program: 'dnsdist',
    kind: hasCache ? 'cache' : 'nocache',
    versionArgs: ['--version'],
    config: place => config(place, hasCache),
    args: file => ['-C', file, '--supervised', '--disable-syslog'],
  })

export const dnsdist = (): Contestant => dnsdistWith('dnsdist', true)
export const dnsdistWithoutCache = (): Contestant => dnsdistWith('dnsdist-nocache', false)
