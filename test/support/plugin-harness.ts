// What a plugin's tests need, behind one import: Corefile text to options, queries and replies as
// text, fake scopes, and a chain made of one plugin. The parts stand in files of their own beside
// this one.

import assert from 'node:assert/strict'
import { type Handler, inFront, noNext } from '../../src/chain/handler.ts'
import { notPlainIn } from '../../src/chain/plain-data.ts'
import { type Plugin, readOptions } from '../../src/chain/plugin.ts'
import type { Labels } from '../../src/metrics/registrar.ts'
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
    readOptions(plugin, directive(text, keys))
  } catch (error) {
    assert.ok(error instanceof Error)
    return error.message
  }
  return assert.fail(`no error for: ${text}`)
}

/** The options of this text, which must survive structured clone. */
export const options = <O, S>(plugin: Plugin<O, S>, text: string, keys = '.'): O => {
  const parsed = readOptions(plugin, directive(text, keys))
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
  const parsed = readOptions(plugin, directive(text, setup.keys))
  const block = {
    zones: directive(text, setup.keys).blockZones,
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
  const retire = async (): Promise<void> => {
    serve.retire()
    await control.retired()
  }
  return { handle: stage === undefined ? next : inFront(stage, next), control, serve, retire }
}

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
