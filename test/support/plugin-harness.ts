// What a plugin's tests need, behind one import: Corefile text to options, queries and replies as
// text, fake scopes, and a chain made of one plugin. The parts stand in files of their own beside
// this one.

import assert from 'node:assert/strict'
import { finishReply } from '../../src/chain/answer/finish.ts'
import { METADATA, Metadata, type MetadataProvider } from '../../src/chain/offers/metadata.ts'
import { notPlainIn } from '../../src/chain/plugin/plain-data.ts'
import { type Plugin, readOptions } from '../../src/chain/plugin/plugin.ts'
import type { Query } from '../../src/chain/query/query.ts'
import { messagesOf } from '../../src/chain/reply/stream.ts'
import { type Handler, inFront, noNext } from '../../src/chain/stage/handler.ts'
import type { Labels } from '../../src/metrics/registrar.ts'
import { Leaving } from '../../src/shard/answer/leaving.ts'
import { FLAG_TC, getFlags } from '../../src/wire/header.ts'
import {
  type ControlOverrides,
  type FakeControl,
  type FakeServe,
  fakeControl,
  fakeServe,
  type ServeOverrides,
} from '../fakes/fake-scopes.ts'
import { directive } from './directive-text.ts'

export { FakeMetrics } from '../fakes/fake-metrics.ts'
export {
  type FakeControl,
  type FakeServe,
  fakeBlock,
  fakeClock,
  fakeControl,
  fakeLogger,
  fakeServe,
} from '../fakes/fake-scopes.ts'
export { directive } from './directive-text.ts'
export {
  type OptionText,
  optionBytes,
  type QueryOptions,
  query,
  type ReplyOptions,
  replyBytes,
  replyTo,
  type Shown,
  show,
} from './messages.ts'
export { recordFromText, recordToText } from './zone-text.ts'

/**
 * The message that reading this text throws; fails the test if it throws nothing. The server
 * would put `plugin/NAME: ` before it.
 */
export const parseError = <O, S>(plugin: Plugin<O, S>, text: string, keys = '.'): string => {
  try {
    readOptions(plugin, directive(text, keys, [plugin.name]))
  } catch (error) {
    assert.ok(error instanceof Error)
    return error.message
  }
  return assert.fail(`no error for: ${text}`)
}

/** The options of this text, which must survive structured clone. */
export const options = <O, S>(plugin: Plugin<O, S>, text: string, keys = '.'): O => {
  const parsed = readOptions(plugin, directive(text, keys, [plugin.name]))
  assert.deepEqual(structuredClone(parsed), parsed)
  return parsed
}

export interface ChainOptions {
  /** Keys of the server block, as in a Corefile; default `.`. */
  readonly keys?: string
  /** The rest of the chain; default: none, which fails. */
  readonly next?: Handler
  readonly control?: FakeControl | ControlOverrides
  readonly serve?: ServeOverrides
}

export interface Chain {
  readonly handle: Handler
  /**
   * The messages that the query's client gets, one unless the answer is a stream, none for silence:
   * each finished as the server does it, and shown to the plugin as it leaves. Rejects with what
   * the chain fails with.
   */
  sent(query: Query): Promise<Uint8Array[]>
  /**
   * Does what *metadata* in the server block does: gives the query what the plugin offers to tell
   * of it, and `others`, told by label.
   */
  collect(query: Query, others?: Readonly<Record<string, string>>): Metadata
  readonly control: FakeControl
  readonly serve: FakeServe
  /** Ends the generation in the shard, then on main. */
  retire(): Promise<void>
}

/**
 * Parses the text of a directive, runs the control half and its onStart tasks, and the serve half
 * in one shard. What passes main's border to the shard is cloned, as it would be. A plugin that
 * takes no part in the chain gives `next` itself.
 */
export const chain = async <O, S>(
  plugin: Plugin<O, S>,
  text: string,
  setup: ChainOptions = {},
): Promise<Chain> => {
  const written = directive(text, setup.keys, [plugin.name])
  const parsed = readOptions(plugin, written)
  const block = {
    zones: written.blockZones,
    changing: plugin.facts?.changing?.(parsed) ?? [],
  }
  const given = setup.control
  const control =
    given !== undefined && 'sharedWords' in given
      ? given
      : fakeControl({ ...given, block: { ...block, ...given?.block } })
  const shared = (await (await plugin.control?.())?.control(parsed, control)) as S
  for (const crossing of [parsed, shared]) assert.equal(notPlainIn(crossing), undefined)
  const serve = fakeServe({ control, ...setup.serve })
  const half = await plugin.serve?.()
  const stage = half?.serve(structuredClone(parsed), serve, structuredClone(shared))
  await control.started()
  const next = setup.next ?? noNext(plugin.name)
  const handle = stage === undefined ? next : inFront(stage, next)
  const leaving = stage && Leaving.of([{ name: plugin.name, stage, bit: 0 }])
  const collect: Chain['collect'] = (query, others = {}) => {
    const told: MetadataProvider = (_, set) => {
      for (const [label, value] of Object.entries(others)) set(label, () => value)
    }
    const metadata = new Metadata(query, [...serve.offered(METADATA), told])
    query.metadata = metadata
    return metadata
  }
  const retire = async (): Promise<void> => {
    serve.retire()
    await control.retired()
  }
  return { handle, sent: query => sent(query, handle, leaving), collect, control, serve, retire }
}

/** A test that waits for more has a stream without an end. */
const MOST_MESSAGES = 1000

const sent = async (
  query: Query,
  handle: Handler,
  leaving: Leaving | undefined,
): Promise<Uint8Array[]> => {
  query.reservedBytes = leaving?.reservedFor(query) ?? 0
  const messages: Uint8Array[] = []
  const reply = await handle(query)
  if (reply.following !== undefined) assert.ok(query.streams, 'one question gets one message here')
  for await (const message of messagesOf(reply)) {
    const bytes = finishReply(query, message)
    if (reply.following !== undefined) {
      assert.ok(bytes, 'a message of a stream is silence')
      assert.equal(getFlags(bytes, 0) & FLAG_TC, 0, 'a message of a stream does not fit')
    }
    if (bytes !== undefined) messages.push(leaving?.pass(query, bytes, UNHEARD) ?? bytes)
    assert.ok(messages.length <= MOST_MESSAGES, `more than ${MOST_MESSAGES} messages`)
  }
  query.streams?.end()
  query.answered()
  return messages
}

/** What `leaving` fails with is what `sent` rejects with. */
const UNHEARD = { warn: () => undefined }

/**
 * Sum of a counter's series whose labels include `labels`: what `row` (a serve scope's) counts, and
 * what main added.
 */
export const counterValue = (
  control: FakeControl,
  row: Int32Array,
  name: string,
  labels: Labels = {},
): number => control.metrics.counterValue(row, name, labels)

/** The same for a histogram. */
export const histogramValue = (
  control: FakeControl,
  row: Int32Array,
  name: string,
  labels: Labels = {},
): { count: number; sum: number } => control.metrics.histogramValue(row, name, labels)

/** What a gauge would show at a scrape now. */
export const gaugeValues = (
  control: FakeControl,
  name: string,
): { readonly labels: Labels; readonly value: number }[] => control.metrics.gaugeValues(name)
