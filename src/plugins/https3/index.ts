// https3: limits for listeners of DNS over HTTP/3, which are refused where QUIC is missing: its
// options are checked, no more. On blocks of other transports CoreDNS ignores them as well.

import type { Plugin } from '../../chain/plugin/plugin.ts'
import { options } from './options.ts'

export const https3: Plugin<undefined> = { name: 'https3', options }
