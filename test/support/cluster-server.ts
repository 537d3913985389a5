// shardns as a process of its own beside a test API server in this one, with credentials laid out
// as in a pod. Asks nothing but what tells whether a change has arrived.

import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type KubeApi, type KubeApiOptions, startKubeApi } from '../fakes/kube-api/api-server.ts'
import { fixtureManifests } from '../fakes/kube-api/manifests.ts'
import { askOneWay } from './kubernetes-ask.ts'
import { query, show } from './messages.ts'
import { type Cleanup, freePorts, temporaryFolder, WatchedProcess } from './server-process.ts'

const ATTEMPTS = 3
const ARRIVAL_LIMIT_MS = 10_000

export interface ClusterSetting {
  /** Corefile for the ports that were free. */
  readonly corefile: (...ports: number[]) => string
  /** Default 1. */
  readonly ports?: number
  /** Default 1. */
  readonly workers?: number
  /** Default: the API server of `cluster.yaml`, started here. */
  readonly api?: KubeApi
}

export interface ClusterServer {
  readonly api: KubeApi
  readonly process: WatchedProcess
  readonly ports: readonly number[]
  readonly port: number
}

export const startFixtureApi = (t: Cleanup, options: KubeApiOptions = {}): Promise<KubeApi> =>
  startKubeApi(t, { manifests: fixtureManifests('cluster.yaml'), ...options })

/** Serves when it resolves; it and its API server end with `t`. */
export const startCluster = async (t: Cleanup, setting: ClusterSetting): Promise<ClusterServer> => {
  const api = setting.api ?? (await startFixtureApi(t))
  const pod = api.podFolder()
  for (let attempt = 1; ; attempt++) {
    const ports = await freePorts(setting.ports ?? 1)
    const path = join(temporaryFolder(t), 'Corefile')
    writeFileSync(path, setting.corefile(...ports))
    const server = new WatchedProcess(t, 'env', [
      `SHARDNS_SERVICE_ACCOUNT_DIR=${pod.path}`,
      'KUBERNETES_SERVICE_HOST=127.0.0.1',
      `KUBERNETES_SERVICE_PORT=${api.port}`,
      process.execPath,
      ...['src/cli.ts', '-conf', path, '--workers', `${setting.workers ?? 1}`],
    ])
    try {
      await server.seen(/^shardns-.*\n.*\n/m)
      return { api, process: server, ports, port: ports[0] ?? -1 }
    } catch (error) {
      if (attempt === ATTEMPTS || !server.err.includes('address already in use')) throw error
    }
  }
}

/**
 * What a later change of each kind is seen by. Kinds come by watches of their own, in any order
 * among each other.
 */
export type FenceKind =
  | 'Service'
  | 'EndpointSlice'
  | 'Namespace'
  | 'Pod'
  | 'ServiceImport'
  | 'ImportedSlice'

const IMPORTED = {
  'multicluster.kubernetes.io/service-name': 'fence',
  'multicluster.kubernetes.io/source-cluster': 'far',
}

/**
 * Says when the changes that were made before have arrived: a later one of the same kind is seen,
 * through whatever cache there is.
 */
export class Fence {
  readonly #cluster: ClusterServer
  #turn = 0

  /**
   * The server must answer for cluster.local; for pods it needs `pods verified`, for imports the
   * multicluster zone clusterset.local.
   */
  constructor(cluster: ClusterServer) {
    this.#cluster = cluster
  }

  async passed(kinds: readonly FenceKind[] = ['Service', 'EndpointSlice']): Promise<void> {
    const limitMs = performance.now() + ARRIVAL_LIMIT_MS
    const turn = ++this.#turn
    const names = kinds.map(kind => this.#change(kind, turn))
    for (const name of names) {
      for (let id = 1; !(await this.#isThere(name, id)); id++)
        assert.ok(performance.now() < limitMs, `${name} did not come`)
    }
    if (kinds.includes('Service')) this.#cluster.api.delete('Service', 'fences', `fence-${turn}`)
  }

  /** Returns the name that exists once the change has arrived. */
  #change(kind: FenceKind, turn: number): string {
    const { api } = this.#cluster
    const ports = [{ name: 'http', port: 80 }]
    const metadata = { name: `fence-${turn}`, namespace: 'fences' }
    switch (kind) {
      case 'Service':
        api.apply({ kind, metadata, spec: { clusterIP: '10.96.255.1', ports } })
        return `fence-${turn}.fences.svc.cluster.local.`
      case 'EndpointSlice': {
        const labels = { 'kubernetes.io/service-name': 'fence' }
        api.apply({
          kind: 'Service',
          metadata: { name: 'fence', namespace: 'fences' },
          spec: { clusterIP: 'None', ports },
        })
        const endpoints = [{ addresses: [`10.244.255.${turn}`] }]
        api.apply({
          kind,
          metadata: { name: 'fence', namespace: 'fences', labels },
          addressType: 'IPv4',
          endpoints,
          ports,
        })
        return `10-244-255-${turn}.fence.fences.svc.cluster.local.`
      }
      case 'ServiceImport':
        api.apply({ kind, metadata, spec: { type: 'ClusterSetIP', ips: ['10.96.255.2'], ports } })
        return `fence-${turn}.fences.svc.clusterset.local.`
      case 'ImportedSlice':
        api.apply({
          kind: 'ServiceImport',
          metadata: { name: 'fence', namespace: 'fences' },
          spec: { type: 'Headless', ports },
        })
        api.apply({
          kind: 'EndpointSlice',
          metadata: { name: 'fence-imported', namespace: 'fences', labels: IMPORTED },
          addressType: 'IPv4',
          endpoints: [{ addresses: [`10.245.255.${turn}`] }],
          ports,
        })
        return `10-245-255-${turn}.far.fence.fences.svc.clusterset.local.`
      case 'Namespace':
        api.apply({ kind, metadata: { name: `fence-${turn}` } })
        return `fence-${turn}.svc.cluster.local.`
      case 'Pod':
        api.apply({ kind, metadata, status: { phase: 'Running', podIP: `10.244.254.${turn}` } })
        return `10-244-254-${turn}.fences.pod.cluster.local.`
    }
  }

  async #isThere(name: string, id: number): Promise<boolean> {
    const message = query(name, 'A', { id: id & 0xffff }).bytes
    return (
      show(await askOneWay(this.#cluster.port, message, { transport: 'udp', family: 4 })).rcode ===
      'NOERROR'
    )
  }
}
