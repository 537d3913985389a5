// The loads of the issue: hits and misses of every kind, over one socket, many sockets, and TCP.

import type { Scenario } from '../bench.ts'
import { loadScenario } from './load.ts'

export const USUAL_CLIENTS = ['-c', '16', '-q', '200']
const CACHES = ['shardns', 'cache'] as const
/** For connections: ten queries under way in each of the fifty. */
const PIPELINED = ['-m', 'tcp', '-c', '50', '-q', '500']

export const LOADS: readonly Scenario[] = [
  loadScenario({
    name: 'hits',
    title: 'Hits: 10,000 names, A and AAAA',
    kinds: [...CACHES, 'echo'],
    queries: 'hits',
    clients: USUAL_CLIENTS,
  }),
  loadScenario({
    name: 'edns',
    title: 'Hits with EDNS and DO',
    kinds: CACHES,
    queries: 'hits',
    clients: USUAL_CLIENTS,
    flags: ['-e', '-D'],
  }),
  loadScenario({
    name: 'zipf',
    title: 'Zipf mix: popular names often, 10 % of the queries unique names',
    kinds: CACHES,
    queries: 'zipf',
    clients: USUAL_CLIENTS,
  }),
  loadScenario({
    name: 'misses',
    title: 'Misses: unique names',
    kinds: [...CACHES, 'nocache'],
    queries: 'misses',
    clients: USUAL_CLIENTS,
  }),
  loadScenario({
    name: 'nxdomain',
    title: 'NXDOMAIN: 10,000 names that do not exist, cached',
    kinds: CACHES,
    queries: 'nxdomain',
    clients: USUAL_CLIENTS,
  }),
  loadScenario({
    name: 'one-socket',
    title: 'Hits from one client socket',
    kinds: CACHES,
    queries: 'hits',
    clients: ['-c', '1', '-q', '200'],
  }),
  loadScenario({
    name: 'many-sockets',
    title: 'Hits from 1,000 client sockets',
    kinds: CACHES,
    queries: 'hits',
    clients: ['-c', '1000', '-q', '200'],
  }),
  loadScenario({
    name: 'tcp',
    title: 'TCP: hits over 50 pipelined connections',
    kinds: CACHES,
    queries: 'hits',
    clients: PIPELINED,
  }),
]
