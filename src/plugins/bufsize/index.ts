// bufsize: lowers the UDP size that clients advertise, so that replies and forwarded queries keep
// to what passes without fragments.

import { FAST_NEXT } from '../../chain/fast-step.ts'
import type { Plugin } from '../../chain/plugin.ts'
import { type BufsizeOptions, options } from './options.ts'

export const bufsize: Plugin<BufsizeOptions> = {
  name: 'bufsize',
  options,
  serve: ({ sizeBytes }) => ({
    fast: {
      ask: query => {
        if (query.udpSize > sizeBytes) query.udpSize = sizeBytes
        return FAST_NEXT
      },
    },
    wrap: next => query => {
      query.lowerUdpSize(sizeBytes)
      return next(query)
    },
  }),
}
