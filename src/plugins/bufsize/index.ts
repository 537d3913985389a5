// bufsize: lowers the UDP size that clients advertise, so that replies and forwarded queries keep
// to what passes without fragments.

import { FAST_NEXT } from '../../chain/fast-step.ts'
import type { Plugin } from '../../chain/plugin.ts'
import { parseGoInt } from '../../corefile/number.ts'

export interface BufsizeOptions {
  readonly sizeBytes: number
}

const DEFAULT_BYTES = 1232
const MIN_BYTES = 512
const MAX_BYTES = 4096

export const bufsize: Plugin<BufsizeOptions> = {
  name: 'bufsize',
  /** Only the first occurrence counts, as in CoreDNS. */
  parse(directive) {
    directive.next()
    const args = directive.remainingArgs()
    if (args[0] === undefined) return { sizeBytes: DEFAULT_BYTES }
    const sizeBytes = parseGoInt(args[0])
    if (
      args.length > 1 ||
      sizeBytes === undefined ||
      sizeBytes < MIN_BYTES ||
      sizeBytes > MAX_BYTES
    ) {
      // CoreDNS doubles the prefix here.
      throw directive.argErr().prefixed('plugin/bufsize: ')
    }
    return { sizeBytes }
  },
  serve: ({ sizeBytes }) => ({
    concerns: ({ udpSize }) => udpSize > sizeBytes,
    fast: {
      ask: query => {
        query.lowerUdpSize(sizeBytes)
        return FAST_NEXT
      },
    },
    wrap: next => query => {
      query.lowerUdpSize(sizeBytes)
      return next(query)
    },
  }),
}
