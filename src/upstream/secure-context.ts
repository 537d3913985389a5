// TLS settings towards upstreams: certificates as main read them, compiled in each thread that
// dials.

import type { SecureContext } from 'node:tls'
import type { TlsMaterial } from '../chain/listening.ts'

/**
 * PEM texts; absent where the Corefile gives none. Without authorities: the system's, or Node's own
 * list where the system has none.
 */
export type ClientMaterial = Partial<TlsMaterial>

/** TLS 1.2 at least. Throws OpenSSL's error for what is no PEM, or a key that does not fit. */
export const makeSecureContext = (material: ClientMaterial): SecureContext => {
  const { ca, cert, key } = material
  const isPlain = ca === undefined && cert === undefined && key === undefined
  return isPlain ? (plainContext ??= compile(material)) : compile(material)
}

/**
 * The system's authorities and nothing else: made once per thread, for reading and compiling
 * hundreds of them takes tens of milliseconds.
 */
let plainContext: SecureContext | undefined

// node:tls is loaded when a Corefile asks for it: it takes 3 MiB of each thread.
const compile = ({ ca, cert, key }: ClientMaterial): SecureContext =>
  process.getBuiltinModule('node:tls').createSecureContext({
    minVersion: 'TLSv1.2',
    ca: ca ?? systemAuthorities(),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
  })

/** Node's own list where the system has none. */
export const systemAuthorities = (): string[] => {
  const { getCACertificates } = process.getBuiltinModule('node:tls')
  const system = getCACertificates('system')
  return system.length > 0 ? system : getCACertificates('bundled')
}
