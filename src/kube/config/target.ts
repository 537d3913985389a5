// Where the API server is and who we are, from the three ways there are to say it: kubeconfig,
// endpoint, or the pod we run in. Reads files only; contacts no server.

import { join } from 'node:path'
import { type Clock, systemClock } from '../../base/time/clock.ts'
import { messageOf } from '../../chain/errors.ts'
import { type ConnectionSettings, HttpConnection, type KubeConnection } from '../connection.ts'
import { Credentials } from './credentials.ts'
import { kubeconfigSettings, parseServerUrl } from './kubeconfig-settings.ts'
import { TextFile } from './text-source.ts'

export const SERVICE_ACCOUNT_FOLDER = '/var/run/secrets/kubernetes.io/serviceaccount'

export interface KubeTarget {
  /** URL. */
  readonly endpoint: string | undefined
  /** Paths, '' for none; for `endpoint` only. */
  readonly tls:
    | { readonly certificate: string; readonly key: string; readonly authority: string }
    | undefined
  /** Wins over `endpoint`. */
  readonly kubeconfig: { readonly file: string; readonly context: string | undefined } | undefined
}

export interface KubeWorld {
  readonly env: Readonly<Record<string, string | undefined>>
  readonly serviceAccountFolder: string
  /** Such as `shardns/1.0.0-rc.1 (linux/amd64)`. */
  readonly userAgent: string
  readonly clock?: Clock
}

/** Rejects with an Error of one sentence if a file is missing or wrong. */
export const connect = async (target: KubeTarget, world: KubeWorld): Promise<KubeConnection> => {
  const connection = new HttpConnection(await settingsOf(target, world))
  try {
    await connection.check()
  } catch (error) {
    connection.close()
    throw new Error(`${sourceOf(target)}: ${messageOf(error)}`, { cause: error })
  }
  return connection
}

const sourceOf = ({ kubeconfig, endpoint }: KubeTarget): string => {
  if (kubeconfig !== undefined) return `kubeconfig ${kubeconfig.file}`
  return endpoint === undefined ? 'unable to load in-cluster configuration' : `endpoint ${endpoint}`
}

const settingsOf = async (target: KubeTarget, world: KubeWorld): Promise<ConnectionSettings> => {
  const { env, userAgent, clock = systemClock } = world
  if (target.kubeconfig !== undefined)
    return kubeconfigSettings(target.kubeconfig.file, target.kubeconfig.context, {
      env,
      userAgent,
      clock,
    })
  return target.endpoint === undefined
    ? inClusterSettings(world, clock)
    : endpointSettings(target.endpoint, target.tls, userAgent, clock)
}

const inClusterSettings = (
  { env, serviceAccountFolder, userAgent }: KubeWorld,
  clock: Clock,
): ConnectionSettings => {
  const { KUBERNETES_SERVICE_HOST: host = '', KUBERNETES_SERVICE_PORT: port = '' } = env
  if (host === '' || port === '')
    // CoreDNS's text, from client-go.
    throw new Error(
      'unable to load in-cluster configuration, KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT must be defined',
    )
  const url = parseServerUrl(`https://${host.includes(':') ? `[${host}]` : host}:${port}`, true)
  const token = new TextFile(join(serviceAccountFolder, 'token'), clock)
  return {
    url,
    identity: `${url.href} service account ${token.name}`,
    userAgent,
    authority: new TextFile(join(serviceAccountFolder, 'ca.crt'), clock),
    trust: { isVerified: true, serverName: undefined },
    credentials: new Credentials({ token }),
    headers: {},
  }
}

const endpointSettings = (
  endpoint: string,
  tls: KubeTarget['tls'],
  userAgent: string,
  clock: Clock,
): ConnectionSettings => {
  const { certificate = '', key = '', authority = '' } = tls ?? {}
  if ((certificate === '') !== (key === ''))
    throw new Error('tls: a client certificate and its key must be given together')
  const url = parseServerUrl(endpoint, authority !== '' || certificate !== '')
  const file = (path: string): TextFile => new TextFile(path, clock)
  return {
    url,
    identity: `${url.href} endpoint ${JSON.stringify([certificate, key, authority])}`,
    userAgent,
    authority: authority === '' ? undefined : file(authority),
    trust: { isVerified: true, serverName: undefined },
    credentials: new Credentials({
      pair: certificate === '' ? undefined : { certificate: file(certificate), key: file(key) },
    }),
    headers: {},
  }
}
