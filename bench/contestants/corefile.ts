// The Corefile of shardns and of CoreDNS: the chain of the issue's seed without kubernetes.

import type { Place } from './contestant.ts'

export const corefile = (
  { port, sidePort, upstreamPort }: Place,
  more: readonly string[] = [],
): string => `.:${port} {
    errors
    bind 127.0.0.1
    prometheus 127.0.0.1:${sidePort}
    loadbalance
    cache 3600 {
        success 40000
        denial 40000
    }
    loop
    forward . 127.0.0.1:${upstreamPort} {
        max_concurrent 10000
    }
    reload
${more.map(line => `    ${line}\n`).join('')}}
`
