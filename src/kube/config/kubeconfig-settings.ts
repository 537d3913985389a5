// What a context of a kubeconfig means for a connection: server, trust, credentials, impersonation.
// Relative paths are relative to the file.

import { dirname, isAbsolute, join, resolve } from 'node:path'
import type { Clock } from '../../base/time/clock.ts'
import { messageOf } from '../../chain/errors.ts'
import type { ConnectionSettings } from '../connection.ts'
import { Credentials } from './credentials.ts'
import { ExecPlugin } from './exec-plugin.ts'
import { readKubeconfig, type Section } from './kubeconfig.ts'
import { fixedText, TextFile, type TextSource } from './text-source.ts'

const EXEC_VERSIONS = ['client.authentication.k8s.io/v1', 'client.authentication.k8s.io/v1beta1']
const EXEC_EXTENSION = 'client.authentication.k8s.io/exec'

export interface KubeconfigWorld {
  readonly env: Readonly<Record<string, string | undefined>>
  readonly clock: Clock
  readonly userAgent: string
}

/** Throws an Error that opens with `kubeconfig FILE:`. */
export const kubeconfigSettings = async (
  file: string,
  wanted: string | undefined,
  world: KubeconfigWorld,
): Promise<ConnectionSettings> => {
  const { context, cluster, user } = await readKubeconfig(file, wanted)
  const place = { file: resolve(file), clock: world.clock }
  try {
    if (cluster.text('proxy-url') !== undefined) throw cluster.error('proxy-url is not supported')
    const server = cluster.text('server')
    if (server === undefined) throw cluster.error('it has no server')
    const isVerified = !cluster.isTrue('insecure-skip-tls-verify')
    const authority = textOf(cluster, 'certificate-authority', place)
    if (!isVerified && authority !== undefined)
      throw cluster.error(
        'a certificate-authority and insecure-skip-tls-verify are both given: leave one out',
      )
    const url = parseServerUrl(
      server,
      authority !== undefined || user.text('client-certificate') !== undefined,
    )
    return {
      url,
      identity: `${url.href} kubeconfig ${place.file} context ${JSON.stringify(context)}`,
      userAgent: world.userAgent,
      authority,
      trust: { isVerified, serverName: cluster.text('tls-server-name') },
      credentials: credentialsOf(user, cluster, place, world, await authority?.read()),
      headers: impersonation(user),
    }
  } catch (error) {
    throw new Error(`kubeconfig ${file}: ${messageOf(error)}`)
  }
}

interface Place {
  /** Absolute. */
  readonly file: string
  readonly clock: Clock
}

const besides = (place: Place, path: string): string =>
  isAbsolute(path) ? path : join(dirname(place.file), path)

/** `KEY-data`, in base64, wins over the path in `KEY`, as for kubectl. */
const textOf = (section: Section, key: string, place: Place): TextSource | undefined => {
  const data = section.text(`${key}-data`)
  const path = section.text(key)
  if (data === undefined)
    return path === undefined ? undefined : new TextFile(besides(place, path), place.clock)
  if (!/^[A-Za-z0-9+/]*={0,2}$/.test(data.replace(/\s/g, '')))
    throw section.error(`${key}-data is no base64`)
  return fixedText(`${key}-data of ${place.file}`, Buffer.from(data, 'base64').toString('utf8'))
}

const credentialsOf = (
  user: Section,
  cluster: Section,
  place: Place,
  world: KubeconfigWorld,
  authority: string | undefined,
): Credentials => {
  if (user.has('auth-provider'))
    throw user.error(
      'auth-provider is not supported: Kubernetes has removed it, use an exec plugin',
    )
  const tokenFile = user.text('tokenFile')
  const token = user.text('token')
  const name = user.text('username')
  if (name !== undefined && (token ?? tokenFile) !== undefined)
    throw user.error('a token and a username are both given: leave one out')
  const certificate = textOf(user, 'client-certificate', place)
  const key = textOf(user, 'client-key', place)
  if ((certificate === undefined) !== (key === undefined))
    throw user.error(
      certificate === undefined
        ? 'a client-key without its client-certificate'
        : 'a client-certificate without its client-key',
    )
  return new Credentials({
    token: tokenOf(token, tokenFile, place),
    password:
      name === undefined ? undefined : { user: name, password: user.text('password') ?? '' },
    pair: certificate === undefined || key === undefined ? undefined : { certificate, key },
    exec: user.has('exec')
      ? execOf(user.section('exec'), cluster, place, world, authority)
      : undefined,
  })
}

/** The file wins, as for client-go. */
const tokenOf = (
  token: string | undefined,
  file: string | undefined,
  place: Place,
): TextSource | undefined => {
  if (file !== undefined) return new TextFile(besides(place, file), place.clock)
  return token === undefined ? undefined : fixedText(place.file, token)
}

const execOf = (
  exec: Section,
  cluster: Section,
  place: Place,
  world: KubeconfigWorld,
  authority: string | undefined,
): ExecPlugin => {
  const apiVersion = exec.text('apiVersion') ?? ''
  if (!EXEC_VERSIONS.includes(apiVersion))
    throw exec.error(`apiVersion must be ${EXEC_VERSIONS.join(' or ')}, not "${apiVersion}"`)
  const command = exec.text('command')
  if (command === undefined) throw exec.error('it has no command')
  if (exec.text('interactiveMode') === 'Always')
    throw exec.error('interactiveMode Always is not supported: there is no terminal to ask')
  const env: Record<string, string | undefined> = { ...world.env }
  for (const one of exec.sections('env')) env[one.text('name') ?? ''] = one.text('value') ?? ''
  return new ExecPlugin(
    {
      apiVersion,
      command: command.includes('/') ? besides(place, command) : command,
      args: exec.texts('args'),
      env,
      cluster: exec.isTrue('provideClusterInfo') ? clusterInfo(cluster, authority) : undefined,
    },
    place.clock,
  )
}

const clusterInfo = (cluster: Section, authority: string | undefined): Record<string, unknown> => {
  const extension = cluster.sections('extensions').find(one => one.text('name') === EXEC_EXTENSION)
  return {
    server: cluster.text('server'),
    'tls-server-name': cluster.text('tls-server-name'),
    'insecure-skip-tls-verify': cluster.isTrue('insecure-skip-tls-verify') || undefined,
    'certificate-authority-data':
      authority === undefined ? undefined : Buffer.from(authority).toString('base64'),
    config: extension?.json('extension'),
  }
}

const impersonation = (user: Section): Record<string, string | readonly string[]> => {
  const name = user.text('as')
  const uid = user.text('as-uid')
  const groups = user.texts('as-groups')
  const extra = user.section('as-user-extra')
  const headers: Record<string, string | readonly string[]> = {
    ...(name === undefined ? {} : { 'Impersonate-User': name }),
    ...(uid === undefined ? {} : { 'Impersonate-Uid': uid }),
    ...(groups.length === 0 ? {} : { 'Impersonate-Group': groups }),
  }
  for (const key of extra.keys())
    headers[`Impersonate-Extra-${encodeURIComponent(key)}`] = extra.texts(key)
  if (name === undefined && Object.keys(headers).length > 0)
    throw user.error('as-uid, as-groups and as-user-extra need as')
  for (const text of Object.values(headers).flat())
    if (!/^[\x20-\x7e]*$/.test(text))
      throw user.error(`${JSON.stringify(text)} cannot be impersonated: a header takes ASCII only`)
  return headers
}

/**
 * The address of an API server as people write it: a URL, or host:port as client-go takes it.
 * `isTls` decides the scheme where the text has none. Throws an Error with a clear sentence.
 */
export const parseServerUrl = (text: string, isTls: boolean): URL => {
  const hasScheme = /^[a-z][a-z0-9+.-]*:\/\//i.test(text)
  const url = URL.parse(hasScheme ? text : `${isTls ? 'https' : 'http'}://${text}`)
  if (url === null || url.hostname === '')
    throw new Error(`"${text}" is no address of an API server: write https://HOST:PORT`)
  if (url.protocol !== 'https:' && url.protocol !== 'http:')
    throw new Error(`"${text}" is no address of an API server: the scheme must be https or http`)
  if (url.username !== '' || url.password !== '')
    throw new Error('the address of an API server takes no user and no password')
  if (url.search !== '' || url.hash !== '')
    throw new Error(`"${text}" is no address of an API server: nothing may follow the path`)
  return url
}
