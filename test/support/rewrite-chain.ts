// Rules of rewrite in a block of their own, before a handler of the test.

import type { Query } from '../../src/chain/query/query.ts'
import { type Reply, SILENCE } from '../../src/chain/reply/reply.ts'
import type { Handler } from '../../src/chain/stage/handler.ts'
import { rewrite } from '../../src/plugins/rewrite/index.ts'
import { chain, counterValue } from './plugin-harness.ts'

/** The directive in a block of its own, what it asked of the plugin behind it, and its counter. */
export const rewriting = async (
  text: string,
  next: (asked: Query) => Reply | Promise<Reply>,
  resolve: (query: Query, name: string, type: number) => Promise<Reply> = async () => SILENCE,
) => {
  const seen: Query[] = []
  const own: Handler = asked => {
    seen.push(asked)
    return next(asked)
  }
  const made = await chain(rewrite, text, { next: own, serve: { resolve } })
  const { control, serve } = made
  const failures = (): number =>
    counterValue(control, serve.row, 'shardns_rewrite_failures_total', { server: 'dns://:53' })
  return { ...made, seen, failures }
}

export const SOA = 'in.net. 300 IN SOA ns.in.net. admin.in.net. 7 3600 600 86400 60'
