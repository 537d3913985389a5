// How the connections of each scheme are served. A kind is loaded when a configuration first
// listens with its scheme.

import type { Scheme } from '../../chain/listening.ts'
import { TcpConnection } from '../tcp/connection.ts'
import type { Kind } from '../tcp/opened.ts'

const framed = (alpn: readonly string[]): Kind => ({
  alpn,
  open: (opened, receiver, room) => new TcpConnection(opened, receiver, room),
})

const KINDS: Readonly<Partial<Record<Scheme, () => Promise<Kind>>>> = {
  dns: async () => framed([]),
  tls: async () => framed(['dot']),
  https: async () => {
    const [{ httpKind }, { DOH }] = await Promise.all([
      import('../http/kind.ts'),
      import('../https/doh.ts'),
    ])
    return httpKind(DOH)
  },
  grpc: async () => {
    const [{ httpKind }, { GRPC }] = await Promise.all([
      import('../http/kind.ts'),
      import('../grpc/codec.ts'),
    ])
    return httpKind(GRPC)
  },
}

export const kindOf = async (scheme: Scheme): Promise<Kind> => {
  const load = KINDS[scheme]
  if (load === undefined) throw new Error(`nothing serves ${scheme}://`)
  return await load()
}
