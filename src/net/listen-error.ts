// Why an address cannot be listened on, in CoreDNS's words.

import { errnoText } from '../base/errno.ts'
import { type ListenAddress, listenText } from './engine.ts'

const CALLS = { tcp: 'Listen: listen tcp', udp: 'ListenPacket: listen udp' }

/** `cause` is what the system said, with Node's `code`. */
export const listenError = (network: 'tcp' | 'udp', at: ListenAddress, cause: unknown): Error =>
  new Error(`${CALLS[network]} ${listenText(at)}: bind: ${errnoText(cause)}`, { cause })
