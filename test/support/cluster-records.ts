// A cluster without an API server: objects go through the plugin's own model into the records map
// of a fake control scope, where the plugin finds them as if it had listed them.

import type { ControlScope, Kept, Resources } from '../../src/chain/plugin/control-scope.ts'
import { readOptions } from '../../src/chain/plugin/plugin.ts'
import { kubernetes } from '../../src/plugins/kubernetes/index.ts'
import { NOTE_SYNCED } from '../../src/plugins/kubernetes/records/record-keys.ts'
import type { ApiMetrics } from '../../src/plugins/kubernetes/watch/api-metrics.ts'
import { Cluster, type ClusterOptions } from '../../src/plugins/kubernetes/watch/cluster.ts'
import {
  type SourceChange,
  sourceIdentity,
} from '../../src/plugins/kubernetes/watch/cluster-source.ts'
import { Publisher } from '../../src/plugins/kubernetes/watch/publish/publisher.ts'
import type { RecordsMap } from '../../src/records/map.ts'
import { Contents } from '../fakes/kube-api/contents.ts'
import { readManifests } from '../fakes/kube-api/manifests.ts'
import { Store } from '../fakes/kube-api/store.ts'
import { directive } from './directive-text.ts'

const SINKS = {
  Service: 'services',
  EndpointSlice: 'slices',
  Namespace: 'namespaces',
  Pod: 'pods',
  ServiceImport: 'imports',
} as const
/** Slices with this label are listed for multicluster zones. */
const IMPORTED = 'multicluster.kubernetes.io/service-name'

/** Stands where the plugin looks for its cluster, with the methods that it uses. */
export class FakeSource implements Kept {
  readonly map: RecordsMap
  readonly synced = Promise.resolve()
  metrics: ApiMetrics | undefined
  readonly cluster: Cluster
  readonly #contents = new Contents(new Store(1000, 1), () => 0)
  readonly #followers = new Set<(change: SourceChange) => void>()

  constructor(resources: Resources, scope: ControlScope, given: Partial<ClusterOptions> = {}) {
    this.map = resources.newRecords()
    const publisher = new Publisher(this.map, scope.clock, scope.log)
    publisher.onChanged = change => this.tell(change)
    const options = {
      namespaces: [],
      endpointPodNames: false,
      multicluster: false,
      endpoints: true,
      hasPodFacts: true,
      ...given,
    }
    this.cluster = new Cluster({ options, publisher, log: scope.log, clock: scope.clock })
  }

  get records() {
    return this.map.ref
  }
  get isSynced(): boolean {
    return this.map.note(NOTE_SYNCED) === 1
  }
  follow(follower: (change: SourceChange) => void): () => void {
    this.#followers.add(follower)
    return () => void this.#followers.delete(follower)
  }
  async connect(): Promise<void> {}
  dispose(): void {
    this.cluster.close()
  }

  tell(change: SourceChange): void {
    for (const follower of this.#followers) follower(change)
  }

  /** As if a watch had brought these objects, with what an API server adds to manifests. */
  async apply(yaml: string): Promise<void> {
    const kinds = readManifests(yaml).map(({ kind }) => kind)
    for (const [index, { body }] of this.#contents.apply(yaml).entries()) {
      this.cluster[SINKS[kinds[index] as keyof typeof SINKS]].put(body as never)
    }
    await this.#flush()
  }

  /** The objects as they are written, without what an API server would add or refuse. */
  async put(yaml: string): Promise<void> {
    for (const object of readManifests(yaml)) {
      const isImported = object.metadata.labels?.[IMPORTED] !== undefined
      const sink = isImported ? 'importSlices' : SINKS[object.kind as keyof typeof SINKS]
      this.cluster[sink].put(object as never)
    }
    await this.#flush()
  }

  async remove(yaml: string): Promise<void> {
    for (const object of readManifests(yaml))
      this.cluster[SINKS[object.kind as keyof typeof SINKS]].remove(object as never)
    await this.#flush()
  }

  setSynced(isSynced: boolean): void {
    this.map.setNote(NOTE_SYNCED, isSynced ? 1 : 0)
  }

  async #flush(): Promise<void> {
    for (const sink of [...Object.values(SINKS), 'importSlices' as const])
      this.cluster[sink].flush()
    await this.cluster.idle()
  }
}

/**
 * Puts a synced cluster with these objects where `kubernetes` with this text will look for its own.
 * `given` are those of its options that decide what the cluster holds.
 */
export const fakeCluster = async (
  scope: ControlScope,
  text: string,
  yaml: string,
  given: Partial<ClusterOptions> = {},
): Promise<FakeSource> => {
  const identity = sourceIdentity(
    readOptions(kubernetes, directive(text)),
    scope.block.directives.includes('metadata'),
  )
  const source = scope.keep(identity, resources => new FakeSource(resources, scope, given))
  await source.apply(yaml)
  source.setSynced(true)
  return source
}
