// shardns, or CoreDNS, with the usual Corefile of a cluster: in a cluster, or without one for
// comparison. Ports and upstream are the suite's, and it ends without lameduck.

import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { freePorts } from '../host/ports.ts'
import type { Contestant, Place } from './contestant.ts'

export interface InCluster {
  readonly contestant: Contestant
  readonly readyPort: number
}

export interface InClusterParts {
  readonly name: string
  /** NAME=VALUE; undefined: no cluster, and no kubernetes in the Corefile. */
  readonly environment: readonly string[] | undefined
  readonly hasCache: boolean
  /** How to reach the cluster, for a server that takes it from no environment. */
  readonly kubeconfig?: string
}

interface SidePorts {
  readonly health: number
  readonly ready: number
}

const kubernetes = (kubeconfig: string | undefined): string =>
  `    kubernetes cluster.local in-addr.arpa ip6.arpa {
        pods insecure
${kubeconfig === undefined ? '        upstream\n' : `        kubeconfig ${kubeconfig}\n`}        fallthrough in-addr.arpa ip6.arpa
    }
`

const corefile = (
  { port, sidePort, upstreamPort }: Place,
  ports: SidePorts,
  { environment, hasCache, kubeconfig }: InClusterParts,
): string =>
  `.:${port} {
    errors
    bind 127.0.0.1
    health 127.0.0.1:${ports.health}
    ready 127.0.0.1:${ports.ready}
${environment === undefined ? '' : kubernetes(kubeconfig)}    prometheus 127.0.0.1:${sidePort}
    forward . 127.0.0.1:${upstreamPort} {
        max_concurrent 1000
    }
${hasCache ? '    cache 30\n' : ''}    loop
    reload
    loadbalance
}
`

/**
 * `base` is the server in the shape that is wanted: its command line stays, and its Corefile is
 * written over.
 */
export const inCluster = async (base: Contestant, parts: InClusterParts): Promise<InCluster> => {
  const [health = 0, ready = 0] = await freePorts(2)
  const launch: Contestant['launch'] = place => {
    const { file, args, cwd, environment } = base.launch(place)
    writeFileSync(join(place.folder, 'Corefile'), corefile(place, { health, ready }, parts))
    // `env` becomes the server: its process id is the server's.
    return {
      file: 'env',
      args: [...(parts.environment ?? []), file, ...args],
      ...(cwd === undefined ? {} : { cwd }),
      ...(environment === undefined ? {} : { environment }),
    }
  }
  const { kind, threads, absent, version } = base
  return {
    contestant: { name: parts.name, kind, threads, absent, version, launch },
    readyPort: ready,
  }
}
