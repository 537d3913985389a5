// The main half of grpc: lists the upstreams, reads the TLS files.

import { ArgumentError } from '../../chain/errors.ts'
import type { ControlScope } from '../../chain/plugin/control-scope.ts'
import type { InspectScope } from '../../chain/plugin/inspect-scope.ts'
import { readTlsFiles } from '../../chain/tls-files.ts'
import { goQuote } from '../../corefile/words/strconv.ts'
import { type Endpoint, makeEndpoint } from '../../upstream/endpoint.ts'
import { TO_LIMIT } from '../../upstream/relay-options.ts'
import { isFile, nameserversIn } from '../../upstream/resolv-conf.ts'
import type { ClientMaterial } from '../../upstream/secure-context.ts'
import { socketsPerThread } from '../../upstream/socket-allowance.ts'
import { declareVectors, type GrpcVectors } from './metrics.ts'
import type { GrpcOptions, To } from './options.ts'

export interface GrpcShared {
  readonly upstreams: readonly Endpoint[]
  /** Undefined: in clear text. */
  readonly tls: ClientMaterial | undefined
  /** Word offset of the turn of round_robin. */
  readonly turnWord: number
  readonly socketsPerShard: number
  readonly vectors: GrpcVectors
}

export const inspect = async (options: GrpcOptions, scope: InspectScope): Promise<void> => {
  await scope.attempt(() => listUpstreams(options))
  await scope.attempt(() => readTls(options, scope.settings.root))
}

export const control = async (options: GrpcOptions, scope: ControlScope): Promise<GrpcShared> => {
  const upstreams = await listUpstreams(options)
  return {
    upstreams,
    tls: readTls(options, scope.settings.root),
    turnWord: scope.shared(1),
    socketsPerShard: socketsPerThread(scope.shards + 1),
    vectors: declareVectors(
      scope.metrics,
      upstreams.map(({ name }) => name),
    ),
  }
}

const isTls = ({ tlsFiles, tlsServerName }: GrpcOptions): boolean =>
  tlsFiles !== undefined || tlsServerName !== ''

const readTls = (options: GrpcOptions, root: string): ClientMaterial | undefined =>
  isTls(options) ? readTlsFiles(options.tlsFiles ?? [], root) : undefined

const listUpstreams = async (options: GrpcOptions): Promise<Endpoint[]> => {
  const found = (await Promise.all(options.to.map(to => endpointsOf(to, options)))).flat()
  if (found.length > TO_LIMIT)
    throw new Error(`more than ${TO_LIMIT} TOs configured: ${found.length}`)
  if (found.length === 0) throw new Error('no nameservers found')
  return found
}

const endpointsOf = async (to: To, options: GrpcOptions): Promise<Endpoint[]> => {
  const protocol = isTls(options) ? 'https' : 'http'
  const at = (address: string, port: number): Endpoint =>
    makeEndpoint(protocol, address, port, options.tlsServerName)
  if (to.kind === 'address') return [at(to.address, to.port)]
  if (to.kind === 'socket')
    return [{ ...at('127.0.0.1', 0), name: `unix://${to.path}`, path: to.path }]
  if (!(await isFile(to.path)))
    throw new ArgumentError(`not an IP address or file: ${goQuote(to.path)}`, to.path)
  return nameserversIn(to.path).map(server => at(server, 53))
}
