// hosts: answers from a file in the format of /etc/hosts and from entries in the Corefile.

import type { Plugin } from '../../core/plugin.ts'
import { controlHosts } from './control.ts'
import { type HostsOptions, parseHostsOptions } from './options.ts'
import { serveHosts } from './serve.ts'
import type { TableFeed } from './table-feed.ts'

export const hosts: Plugin<HostsOptions, TableFeed> = {
  name: 'hosts',
  parse: parseHostsOptions,
  control: controlHosts,
  serve: serveHosts,
}
