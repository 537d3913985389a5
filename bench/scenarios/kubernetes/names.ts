// How the contestants of the kubernetes scenario are called: the goals name them too.

import { BUILT } from '../../contestants/built.ts'

export const TWO = `shardns${BUILT}-2`
export const FOUR = `shardns${BUILT}-4`
export const WITHOUT_CLUSTER = '-alone'
/** One shard from the sources, as in the scenario hits. */
export const HITS = 'shardns'
export const RECORDS = 'shardns-records'
/** The same questions with a cache in front. */
export const CACHED = 'shardns-cached'
/** Services with an address of their own, without those that answer with their endpoints. */
export const ADDRESSES = 'shardns-addresses'
export const NXDOMAIN = 'shardns-nxdomain'
