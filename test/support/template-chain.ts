// Rules of template in a block of their own, before a handler that answers with an owner `next.`

import type { Query } from '../../src/chain/query/query.ts'
import { template } from '../../src/plugins/template/index.ts'
import {
  type Chain,
  chain,
  type QueryOptions,
  query,
  replyTo,
  type Shown,
  show,
} from './plugin-harness.ts'

export const next = (request: Query) => replyTo(request, { answer: ['next. 1 IN A 192.0.2.99'] })
export const start = (text: string, keys = 'example.org'): Promise<Chain> =>
  chain(template, text, { next, keys })

/** A rule for type A and the server block's zones. */
export const rule = (...lines: string[]): string => `template IN A {\n${lines.join('\n')}\n}`

export const ask = async (
  text: string,
  name = 'www.example.org.',
  type = 'A',
  options: QueryOptions = {},
): Promise<Shown> => show(await (await start(text)).handle(query(name, type, options)))
