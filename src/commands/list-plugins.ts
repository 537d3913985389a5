// What `-plugins` prints: the plugins that shardns supports.

import { PLUGINS } from '../plugins/index.ts'

/**
 * Names in alphabetical order, one a line, and an empty line after the last, as CoreDNS prints
 * them.
 */
export const listPlugins = (): string =>
  PLUGINS.map(plugin => `${plugin.name}\n`)
    .sort()
    .join('')
