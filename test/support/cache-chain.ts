// A chain of the cache plugin alone before a scripted downstream, in one or more shards of one
// process, under a clock that stands still.

import type { CacheKey } from '../../src/cache/key.ts'
import type { BlockInfo } from '../../src/chain/block.ts'
import { ServerError } from '../../src/chain/errors.ts'
import type { Query } from '../../src/chain/query/query.ts'
import type { Reply } from '../../src/chain/reply/reply.ts'
import { type Handler, inFront, type Stage } from '../../src/chain/stage/handler.ts'
import type { Labels } from '../../src/metrics/registrar.ts'
import { control as controlCache } from '../../src/plugins/cache/control.ts'
import { options as table } from '../../src/plugins/cache/options.ts'
import { serve as serveCache } from '../../src/plugins/cache/serve.ts'
import {
  counterValue,
  directive,
  type FakeControl,
  type FakeServe,
  fakeClock,
  fakeControl,
  fakeServe,
  type QueryOptions,
  query,
  type ReplyOptions,
  replyTo,
  type Shown,
  show,
} from './plugin-harness.ts'

/**
 * What downstream does with a question: a reply, a failure's code, a later reply, or anything else.
 */
export type Step =
  | ReplyOptions
  | string
  | Promise<ReplyOptions>
  | ((query: Query) => Reply | Promise<Reply>)

export interface CacheShard {
  readonly handle: Handler
  readonly stage: Stage
  /** A key for the shard's tables. */
  newKey(): CacheKey
  readonly serve: FakeServe
  /** Asks for www.example.org A, or as `options` say, and shows the reply. */
  ask(options?: QueryOptions & { readonly name?: string; readonly type?: string }): Promise<Shown>
  /** Sum of a counter of this shard; `name` without the prefix `coredns_cache_`. */
  count(name: string, labels?: Labels): number
}

export interface CacheChain extends CacheShard {
  readonly control: FakeControl
  readonly clock: ReturnType<typeof fakeClock>
  /** What downstream was asked, by any shard, in order. */
  readonly asked: Query[]
  /** New steps for downstream: one for each question, and the last one for all that follow. */
  script(...steps: Step[]): void
  /** Another shard over the same memory, before the same downstream. */
  shard(index: number): CacheShard
}

/** Starts `text` with shard 0. */
export const cacheChain = (text: string, ...steps: Step[]): CacheChain =>
  cacheChainIn({}, text, ...steps)

/** The same in a server block of which more is known. */
export const cacheChainIn = (
  block: Partial<BlockInfo>,
  text: string,
  ...steps: Step[]
): CacheChain => {
  const clock = fakeClock()
  const parsed = table.parse(directive(text))
  const control = fakeControl({ clock, shards: 4, block })
  const shared = controlCache(parsed, control)
  const asked: Query[] = []
  const left = [...steps]
  const downstream: Handler = request => {
    asked.push(request)
    const step = left.length > 1 ? left.shift() : left[0]
    if (step === undefined) throw new Error('downstream was asked, but has no script')
    return play(step, request)
  }
  const shard = (index: number): CacheShard => {
    const serve = fakeServe({ control, shard: index })
    const stage = serveCache(structuredClone(parsed), serve, structuredClone(shared))
    const handle = inFront(stage, downstream)
    return {
      handle,
      stage,
      newKey: () => serve.table(shared.success).newKey(),
      serve,
      ask: async ({ name = 'www.example.org.', type = 'A', ...options } = {}) =>
        show(await handle(query(name, type, { receivedMs: clock.ms(), ...options }))),
      count: (name, labels) => counterValue(control, serve.row, `coredns_cache_${name}`, labels),
    }
  }
  const script = (...more: Step[]): void => void left.splice(0, left.length, ...more)
  return { ...shard(0), control, clock, asked, script, shard }
}

const play = (step: Step, request: Query): Reply | Promise<Reply> => {
  if (typeof step === 'function') return step(request)
  if (typeof step === 'string') throw new ServerError(step, `downstream: ${step}`)
  return step instanceof Promise
    ? step.then(late => replyTo(request, late))
    : replyTo(request, step)
}

/** Lets everything that is ready run. */
export const settle = async (): Promise<void> => {
  for (let turn = 0; turn < 5; turn++) await new Promise(setImmediate)
}

/** Records of the name that `ask` asks for. */
export const a = (ttl: number, last = 1): string => `www.example.org. ${ttl} IN A 192.0.2.${last}`
export const SOA = 'example.org. 60 IN SOA ns.example.org. admin.example.org. 1 2 3 4 5'
export const NXDOMAIN: ReplyOptions = { rcode: 'NXDOMAIN', authority: [SOA] }
