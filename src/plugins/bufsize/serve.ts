// The shard half of bufsize: lowers the size on both paths.

import { FAST_NEXT } from '../../chain/stage/fast-step.ts'
import type { Stage } from '../../chain/stage/handler.ts'
import type { BufsizeOptions } from './options.ts'

export const serve = ({ sizeBytes }: BufsizeOptions): Stage => ({
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
})
