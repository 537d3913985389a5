// The health plugin: an HTTP endpoint that says that the process lives, a probe of it, and the
// lameduck wait at the end.

import { isIP } from 'node:net'
import { assertBindable } from '../../chain/bindable.ts'
import type { Plugin } from '../../chain/plugin.ts'
import { splitHostPort } from '../../corefile/host-port.ts'
import { controlHealth } from './control.ts'
import { type HealthOptions, options } from './options.ts'

export const health: Plugin<HealthOptions> = {
  name: 'health',
  options,
  async inspect({ address }, scope) {
    const split = splitHostPort(address)
    // Names are not asked for.
    if ('error' in split || isIP(split.host) === 0) return
    await scope.attempt(() => assertBindable(split.host, address))
  },
  control: controlHealth,
}
