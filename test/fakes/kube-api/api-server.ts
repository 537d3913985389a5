// The test API server, all parts together: what a test starts, fills, breaks and asks afterwards.

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Auth } from './auth.ts'
import { type BigClusterSize, type ChurnChange, churn, fillStore } from './big-cluster.ts'
import { Contents } from './contents.ts'
import { encodeAhead } from './encoding.ts'
import { Faults } from './faults.ts'
import { HttpHandler } from './http-handler.ts'
import { Listener } from './listener.ts'
import type { Manifests } from './manifests.ts'
import { kubeconfigText, PodFolder, tokenText } from './pod-folder.ts'
import { monotonicMs, RequestLog } from './request-log.ts'
import { RESOURCES, resourceNamed } from './resources.ts'
import { Store } from './store.ts'
import { authority, type ServerIdentity } from './tls-files.ts'
import { isMap, type Version } from './version.ts'
import { WatchHub } from './watch-hub.ts'

export interface KubeApiOptions {
  readonly manifests?: Manifests
  readonly cluster?: BigClusterSize
  /** Default true. */
  readonly https?: boolean
  /** Default: 127.0.0.1. */
  readonly host?: string
  /** Default: one that is free. */
  readonly port?: number
  /** The server's certificate; default `good`. */
  readonly identity?: ServerIdentity
  /** Asks for client certificates; default false. */
  readonly requestsCertificate?: boolean
  /** Changes of each resource that stay known; default 20,000. */
  readonly historyLimit?: number
  /** Of the counter before anything is applied; default 1000. */
  readonly resourceVersion?: number
  /** Default 60,000. */
  readonly bookmarkEveryMs?: number
  /** For watches that name no timeoutSeconds; default 1800. */
  readonly watchTimeoutSeconds?: number
  /** Whether `sendInitialEvents` is understood; default true. */
  readonly streamingLists?: boolean
  /** Whether protobuf is understood, beside JSON; default true. */
  readonly protobuf?: boolean
  /** Groups that are not installed, such as `multicluster.x-k8s.io`. */
  readonly absentGroups?: readonly string[]
  /** The time of creation timestamps; default: now. */
  readonly nowMs?: () => number
}

export interface UpOptions {
  /** What there is when the server comes back; watches of before are too late. */
  readonly contents?: Manifests
  /**
   * Where the counter goes on, even in the past, as after a restored backup; default: where it
   * stood. Only with `contents`.
   */
  readonly resourceVersion?: number
}

const FIRST_REVISION = 1000
const HISTORY_LIMIT = 20_000
const BOOKMARK_EVERY_MS = 60_000
const WATCH_TIMEOUT_SECONDS = 1800

export class KubeApi {
  readonly auth = new Auth()
  readonly faults = new Faults()
  readonly requests = new RequestLog()
  readonly store: Store
  readonly watches: WatchHub
  readonly #contents: Contents
  readonly #listener: Listener
  readonly #isHttps: boolean
  readonly #host: string
  readonly #cluster: BigClusterSize | undefined
  readonly #folders: PodFolder[] = []
  readonly #temporary: string[] = []
  #tokens = 0
  #token: string
  #churned = 0
  #injected = 0

  constructor(options: KubeApiOptions = {}) {
    const {
      https = true,
      host = '127.0.0.1',
      port = 0,
      identity = 'good',
      requestsCertificate = false,
    } = options
    this.store = new Store(
      options.historyLimit ?? HISTORY_LIMIT,
      options.resourceVersion ?? FIRST_REVISION,
    )
    this.#contents = new Contents(this.store, options.nowMs ?? Date.now)
    this.watches = new WatchHub(this.store, {
      bookmarkEveryMs: options.bookmarkEveryMs ?? BOOKMARK_EVERY_MS,
      watchTimeoutSeconds: options.watchTimeoutSeconds ?? WATCH_TIMEOUT_SECONDS,
      streamingLists: options.streamingLists ?? true,
      sendsTwice: () => this.faults.duplicates,
      heldList: () => this.faults.heldList(),
    })
    const handler = new HttpHandler({
      store: this.store,
      auth: this.auth,
      faults: this.faults,
      log: this.requests,
      watches: this.watches,
      listener: () => this.#listener,
      absentGroups: options.absentGroups ?? [],
      speaksProtobuf: options.protobuf ?? true,
    })
    this.#listener = new Listener(
      { host, port, https, identity, requestsCertificate },
      (request, response) => handler.handle(request, response),
      () => this.faults.hang === 'accept',
    )
    this.#isHttps = https
    this.#host = host
    this.#cluster = options.cluster
    this.#token = this.#newToken()
    if (options.cluster !== undefined) fillStore(this.store, options.cluster)
    if (options.manifests !== undefined) this.#contents.apply(options.manifests)
    // A server's history begins with its start.
    this.store.compact()
  }

  #newToken(): string {
    const token = tokenText(this.#tokens++)
    this.auth.accept(token)
    return token
  }

  get port(): number {
    return this.#listener.port
  }

  get url(): string {
    const host = this.#host.includes(':') ? `[${this.#host}]` : this.#host
    return `${this.#isHttps ? 'https' : 'http'}://${host}:${this.port}`
  }

  get isUp(): boolean {
    return this.#listener.isUp
  }

  /** Connections taken since the start. */
  get connections(): number {
    return this.#listener.accepted
  }

  /** The authority that clients should trust. */
  get authority(): string {
    return authority()
  }

  /** The token that is written to folders now. */
  get token(): string {
    return this.#token
  }

  /** Of the latest change, as clients see it. */
  get resourceVersion(): string {
    return `${this.store.revision}`
  }

  /** Creates or updates as `kubectl apply` does. Throws for what the server would refuse. */
  apply(manifests: Manifests): Version[] {
    return this.#contents.apply(manifests)
  }

  /** False if there is no such object. */
  delete(kind: string, namespace: string, name: string): boolean {
    return this.#contents.delete(kind, namespace, name)
  }

  /** Makes the contents what the manifests say, and deletes the rest. */
  replaceAll(manifests: Manifests): void {
    this.#contents.replaceAll(manifests)
  }

  /** Serves an object as it is, whatever it is, but under this kind. Returns what removes it. */
  inject(kind: string, object: unknown): () => boolean {
    const resource = resourceNamed(kind)
    const body = withoutKind(object)
    const metadata = isMap(body) && isMap(body.metadata) ? body.metadata : {}
    const { namespace, name } = metadata
    const isNamed =
      typeof name === 'string' && (typeof namespace === 'string' || !resource.isNamespaced)
    const key = isNamed
      ? resource.isNamespaced
        ? `${namespace}/${name}`
        : name
      : `!/${this.#injected++}`
    this.store.put(resource, key, body)
    return () => this.store.remove(resource, key)
  }

  /** Forgets history: whoever watches from an earlier revision is told that it is too old. */
  compact(): void {
    this.store.compact()
  }

  /** The next change of the large cluster that it was started with, and when it was made. */
  churn(): ChurnChange & { readonly ms: number } {
    if (this.#cluster === undefined) throw new Error('churn needs a large cluster')
    const ms = monotonicMs()
    return { ms, ...churn(this.store, this.#cluster, this.#churned++) }
  }

  /** Makes the bytes of all objects now: the first client that lists them is not to wait for it. */
  encodeAhead(): void {
    for (const resource of RESOURCES) encodeAhead(this.store.table(resource).now())
  }

  /** Nobody listens any more when it resolves, and all connections are reset. */
  async down(): Promise<void> {
    await this.#listener.down()
    await this.watches.whenGone()
  }

  /** Listens again, on the same port. */
  async up({ contents, resourceVersion }: UpOptions = {}): Promise<void> {
    if (contents !== undefined) {
      if (this.isUp) throw new Error('other contents need a server that is down: use replaceAll')
      this.#contents.reset(resourceVersion ?? this.store.revision)
      this.apply(contents)
      this.store.compact()
    }
    await this.#listener.up()
  }

  /**
   * A folder with credentials as in a pod; a temporary one, unless it is named, goes when the
   * server closes.
   */
  podFolder(path?: string): PodFolder {
    const folder = new PodFolder(path ?? this.#temporaryFolder(), this.#token)
    this.#folders.push(folder)
    return folder
  }

  #temporaryFolder(): string {
    const path = mkdtempSync(join(tmpdir(), 'shardns-kube-api-'))
    this.#temporary.push(path)
    return path
  }

  /**
   * A new token in all folders. The one before stays valid until it is revoked, as tokens do until
   * they expire.
   */
  rotateToken(): string {
    this.#token = this.#newToken()
    for (const folder of this.#folders) folder.write(this.#token)
    return this.#token
  }

  /** YAML with the authority and the token, or the client certificate. */
  kubeconfig(credentials: 'token' | 'certificate' = 'token'): string {
    const token = credentials === 'token' ? this.#token : undefined
    return kubeconfigText({ server: this.url, token, isHttps: this.#isHttps })
  }

  async close(): Promise<void> {
    this.faults.releaseLists()
    await this.#listener.down()
    this.watches.close()
    for (const path of this.#temporary) rmSync(path, { recursive: true, force: true })
  }
}

const withoutKind = (object: unknown): unknown => {
  if (!isMap(object)) return object
  const { kind: _kind, apiVersion: _apiVersion, ...body } = object
  return body
}

/** Serves when it resolves; closed by `t`. */
export const startKubeApi = async (
  t: { after(run: () => unknown): void },
  options: KubeApiOptions = {},
): Promise<KubeApi> => {
  const api = new KubeApi(options)
  t.after(() => api.close())
  await api.up()
  return api
}
