// shardns as a process of its own beside a test API server: environment of a pod, a Corefile, the
// ports, and what was answered.

import { request } from 'node:http'
import type { TestContext } from 'node:test'
import { closedPort } from '../fakes/fake-upstream.ts'
import { DnsClient } from './dns-client.ts'
import { type Shown, show } from './messages.ts'
import { type Served, type ServedSetting, startServed } from './served.ts'
import type { Cleanup } from './server-process.ts'

/** Patience of a condition that is asked for again and again. */
const UNTIL_MS = 10_000
/** At first it is asked for at each turn of the event loop, then as often as this. */
const EAGER_MS = 10
const LOOK_AGAIN_MS = 5

/**
 * What points a process to an API server, as in a pod. An empty text is a variable that is not set.
 */
export interface PodEnvironment {
  readonly SHARDNS_SERVICE_ACCOUNT_DIR?: string
  readonly KUBERNETES_SERVICE_HOST?: string
  readonly KUBERNETES_SERVICE_PORT?: string
}

export const podEnvironment = (port: number, folder: string): PodEnvironment => ({
  SHARDNS_SERVICE_ACCOUNT_DIR: folder,
  KUBERNETES_SERVICE_HOST: '127.0.0.1',
  KUBERNETES_SERVICE_PORT: String(port),
})

export interface ClusterPorts {
  readonly dns: number
  readonly ready: number
  readonly metrics: number
}

export interface ClusterServer extends Served {
  readonly ports: ClusterPorts
  /** First try, from many source ports. Rejects if nothing comes. */
  ask(name: string, type?: string): Promise<Shown>
  /** `RCODE address address`, sorted, of an A question. */
  addresses(name: string): Promise<string>
  /** Body of `ready`, undefined while it says 200. */
  notReady(): Promise<string | undefined>
  /** Sends SIGUSR1 after writing the Corefile, and waits until the reload is done or has failed. */
  reload(corefile?: (ports: ClusterPorts) => string): Promise<void>
}

export interface ClusterSetting extends ServedSetting {
  readonly environment?: PodEnvironment
}

/** Starts at once; wait for a line. Stopped when the test ends. */
export async function launchCluster(
  given: Cleanup,
  corefile: (ports: ClusterPorts) => string,
  setting: ClusterSetting = {},
): Promise<ClusterServer> {
  // Of a context, these use nothing but `after`.
  const t = given as TestContext
  const [dns, ready, metrics] = [await closedPort(), await closedPort(), await closedPort()]
  const ports = { dns, ready, metrics }
  const server = withEnvironment(setting.environment ?? {}, () =>
    startServed(t, corefile(ports), setting),
  )
  // Many questions of one test come from here: what one of them waits for is the process's start,
  // at most.
  const client = await DnsClient.open(t, { port: dns, tries: 1, timeoutMs: UNTIL_MS })
  const ask = async (name: string, type = 'A'): Promise<Shown> => {
    const reply = await client.ask(name, type)
    if (reply === undefined) throw new Error(`no answer for ${name}\n${server.lines.join('\n')}`)
    return show(reply)
  }
  const reloaded = /^\[INFO\] Reloading complete$|^\[ERROR\] Restart failed/
  return {
    ...server,
    ports,
    ask,
    addresses: async name => addressesIn(await ask(name)),
    notReady: () => readiness(ready),
    reload: async next => {
      const before = server.count(reloaded)
      if (next !== undefined) server.writeCorefile(next(ports))
      server.signal('SIGUSR1')
      await server.line(reloaded, before + 1)
    },
  }
}

/** Starts one and waits until it has said that it runs. */
export async function startCluster(
  t: Cleanup,
  corefile: (ports: ClusterPorts) => string,
  setting: ClusterSetting = {},
): Promise<ClusterServer> {
  const server = await launchCluster(t, corefile, setting)
  await server.line(/^shardns-/)
  return server
}

/** `RCODE address address` of a reply, sorted. */
export const addressesIn = ({ rcode, answer }: Shown): string =>
  [rcode, ...answer.map(record => record.split(' ').at(-1) ?? '').toSorted()].join(' ')

/**
 * Resolves when `isTrue` gives true, asked for again and again; rejects with `what` after ten
 * seconds.
 */
export async function until(what: string, isTrue: () => boolean | Promise<boolean>): Promise<void> {
  const startMs = performance.now()
  while (!(await isTrue())) {
    const waitedMs = performance.now() - startMs
    if (waitedMs > UNTIL_MS) throw new Error(`${UNTIL_MS} ms passed before ${what}`)
    await new Promise(resolve =>
      waitedMs < EAGER_MS ? setImmediate(resolve) : setTimeout(resolve, LOOK_AGAIN_MS),
    )
  }
}

/** A process inherits the environment of the moment it is started in. */
function withEnvironment<T>(environment: PodEnvironment, run: () => T): T {
  const names = [
    'SHARDNS_SERVICE_ACCOUNT_DIR',
    'KUBERNETES_SERVICE_HOST',
    'KUBERNETES_SERVICE_PORT',
  ] as const
  const before = names.map(name => process.env[name])
  for (const name of names) setVariable(name, environment[name])
  try {
    return run()
  } finally {
    for (const [index, name] of names.entries()) setVariable(name, before[index])
  }
}

function setVariable(name: string, value: string | undefined): void {
  if (value === undefined) delete process.env[name]
  else process.env[name] = value
}

/** GET of a path on a loopback port: status and body. */
export function httpGet(
  port: number,
  path: string,
): Promise<{ readonly status: number; readonly body: string }> {
  const { promise, resolve, reject } = Promise.withResolvers<{ status: number; body: string }>()
  const asked = request({ host: '127.0.0.1', port, path, agent: false }, response => {
    let body = ''
    response.setEncoding('utf8')
    response.on('data', (text: string) => {
      body += text
    })
    response.on('end', () => resolve({ status: response.statusCode ?? 0, body }))
  })
  asked.on('error', reject).end()
  return promise
}

async function readiness(port: number): Promise<string | undefined> {
  const { status, body } = await httpGet(port, '/ready')
  return status === 200 ? undefined : body
}
