// The Kubernetes API server that shardns follows in measurements: test/fakes/kube-api as a program
// on the load's CPU. What it holds is read back over its API, as any client would, so that expected
// addresses do not come from the code that made them.

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { get } from 'node:https'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { text } from 'node:stream/consumers'
import { ROOT } from '../contestants/shardns.ts'
import { track } from '../host/cleanup.ts'
import { pinned } from '../host/pins.ts'

const PROGRAM = join('test', 'fakes', 'kube-api', 'main.ts')
const START_LIMIT_MS = 120_000
export const ENDPOINTS_PER_SERVICE = 10

/** A line of the program's `churn`. */
export interface ClusterChange {
  /** Monotonic, of the whole machine. */
  readonly ms: number
  readonly change: 'replace-endpoint' | 'add-service' | 'delete-service'
  readonly service: string
  readonly namespace: string
  readonly address: string
}

export interface ClusterName {
  readonly name: string
  /** Those that should answer A, in any order. */
  readonly addresses: readonly string[]
  readonly isHeadless: boolean
}

interface Item {
  readonly metadata: {
    readonly name: string
    readonly namespace: string
    readonly labels?: Readonly<Record<string, string>>
  }
}
interface Service extends Item {
  readonly spec: { readonly clusterIP: string }
}
interface Slice extends Item {
  readonly endpoints: readonly { readonly addresses: readonly string[] }[]
}

export const serviceName = (service: string, namespace: string): string =>
  `${service}.${namespace}.svc.cluster.local`

export interface ClusterSize {
  readonly services: number
  readonly endpoints: number
}

export class ApiCluster {
  readonly #child: ChildProcess
  readonly #folder: string
  readonly #lines: ((line: string) => void)[] = []
  #url = ''
  #complaint = ''
  #isOver = false

  private constructor({ services, endpoints }: ClusterSize, folder: string, cpu: number) {
    this.#folder = folder
    const counts = ['--services', String(services), '--endpoints', String(endpoints)]
    const [command = '', ...args] = pinned(
      [cpu],
      [process.execPath, PROGRAM, ...counts, '--https', '--folder', folder],
    )
    this.#child = track(spawn(command, args, { cwd: ROOT, stdio: ['pipe', 'pipe', 'pipe'] }))
    this.#child.stderr?.setEncoding('utf8').on('data', (said: string) => {
      this.#complaint = said
    })
    this.#child.stdin?.on('error', () => undefined)
    this.#child.once('close', () => {
      this.#isOver = true
      for (const line of this.#lines) line('')
    })
    createInterface({ input: this.#child.stdout as NodeJS.ReadableStream }).on('line', line => {
      for (const listener of this.#lines) listener(line)
    })
  }

  /** `folder` gets the credentials, as a pod has them and as a file `kubeconfig`. */
  static async start(size: ClusterSize, folder: string, cpu: number): Promise<ApiCluster> {
    const cluster = new ApiCluster(size, folder, cpu)
    await cluster.#listening()
    return cluster
  }

  /** What a pod's environment says of it, as NAME=VALUE. */
  get environment(): string[] {
    const { hostname, port } = new URL(this.#url)
    return [
      `SHARDNS_SERVICE_ACCOUNT_DIR=${this.#folder}`,
      `KUBERNETES_SERVICE_HOST=${hostname}`,
      `KUBERNETES_SERVICE_PORT=${port}`,
    ]
  }

  /** Makes changes at that rate; `seen` is called with each as soon as it is made. */
  async churn(
    count: number,
    perSecond: number,
    seen: (change: ClusterChange) => void,
  ): Promise<void> {
    await this.#until(`churn ${count} ${perSecond}`, line => {
      const said = JSON.parse(line) as Partial<ClusterChange> & {
        readonly ok?: boolean
        readonly error?: string
      }
      if (said.ok === false) throw new Error(`the API server refuses: ${said.error}`)
      if (said.change !== undefined) seen(said as ClusterChange)
      return said.ok === true
    })
  }

  /** Deletes what does not stand in that file of manifests. */
  async replace(file: string): Promise<void> {
    await this.#until(`replace ${file}`, line => {
      const said = JSON.parse(line) as { readonly ok?: boolean; readonly error?: string }
      if (said.ok === false) throw new Error(`the API server refuses: ${said.error}`)
      return said.ok === true
    })
  }

  /** Each service that there is now, with the addresses that a client should get for it. */
  async names(): Promise<ClusterName[]> {
    const slices = await this.#list<Slice>('/apis/discovery.k8s.io/v1/endpointslices')
    const endpoints = new Map<string, string[]>()
    for (const { metadata, endpoints: some } of slices) {
      const service = `${metadata.namespace}/${metadata.labels?.['kubernetes.io/service-name']}`
      const known = endpoints.get(service) ?? []
      known.push(...some.flatMap(({ addresses }) => addresses))
      endpoints.set(service, known)
    }
    return (await this.#list<Service>('/api/v1/services')).map(
      ({ metadata: { name, namespace }, spec: { clusterIP } }) => {
        const isHeadless = clusterIP === 'None'
        const addresses = isHeadless ? (endpoints.get(`${namespace}/${name}`) ?? []) : [clusterIP]
        return { name: serviceName(name, namespace), addresses, isHeadless }
      },
    )
  }

  async stop(): Promise<void> {
    if (this.#isOver) return
    const closed = once(this.#child, 'close')
    this.#child.kill('SIGTERM')
    await closed
  }

  async #list<T>(path: string): Promise<readonly T[]> {
    const { promise, resolve, reject } = Promise.withResolvers<string>()
    const headers = {
      authorization: `Bearer ${readFileSync(join(this.#folder, 'token'), 'latin1')}`,
      accept: 'application/json',
    }
    get(
      new URL(path, this.#url),
      { ca: readFileSync(join(this.#folder, 'ca.crt')), headers, agent: false },
      response => {
        if (response.statusCode === 200) text(response).then(resolve, reject)
        else reject(new Error(`the API server answers ${response.statusCode} for ${path}`))
      },
    ).on('error', reject)
    return (JSON.parse(await promise) as { readonly items: readonly T[] }).items
  }

  async #listening(): Promise<void> {
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), START_LIMIT_MS)
    await this.#until('', line => {
      this.#url = /^kube-api listening on (\S+),/.exec(line)?.[1] ?? ''
      return this.#url !== ''
    }).finally(() => clearTimeout(timer))
  }

  /** Gives a command and shows each line to `isLast` until that says so. */
  async #until(command: string, isLast: (line: string) => boolean): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    if (this.#isOver) throw new Error('the API server has ended')
    const listen = (line: string): void => {
      try {
        if (this.#isOver) throw new Error(`the API server ended: ${this.#complaint.trim()}`)
        if (isLast(line)) resolve()
      } catch (error) {
        reject(error)
      }
    }
    this.#lines.push(listen)
    if (command !== '') this.#child.stdin?.write(`${command}\n`)
    await promise.finally(() => this.#lines.splice(this.#lines.indexOf(listen), 1))
  }
}
