// A `forward` on the upstreams that a test starts, in a chain of its own with the real clock.

import type { TestContext } from 'node:test'
import { systemClock } from '../../src/base/time/clock.ts'
import { Query } from '../../src/chain/query/query.ts'
import type { Handler } from '../../src/chain/stage/handler.ts'
import { forward } from '../../src/plugins/forward/index.ts'
import { type FakeUpstream, fakeUpstream, type Respond } from '../fakes/fake-upstream.ts'
import { type Chain, chain, query, replyTo, show } from './plugin-harness.ts'

/** What a query gets that `forward` passes on. */
export const PASSED_ON: readonly string[] = ['next.example.org. 1 IN A 192.0.2.99']
const next: Handler = asked => replyTo(asked, { answer: PASSED_ON })

/** One upstream for each way of answering, for the time of the test. */
export async function startUpstreams(
  t: TestContext,
  ...responds: Respond[]
): Promise<FakeUpstream[]> {
  const started = await Promise.all(responds.map(respond => fakeUpstream(respond)))
  t.after(() => Promise.all(started.map(upstream => upstream.close())))
  return started
}

/** As TO arguments. */
export const names = (servers: readonly FakeUpstream[]): string =>
  servers.map(({ endpoint }) => endpoint.name).join(' ')

export async function startForward(t: TestContext, text: string): Promise<Chain> {
  const started = await chain(forward, text, { next, control: { clock: systemClock } })
  t.after(() => started.retire())
  // Each query comes in just when it is asked.
  return {
    ...started,
    handle: asked => started.handle(justNow(asked)),
    sent: asked => started.sent(justNow(asked)),
  }
}

const justNow = (asked: Query): Query => {
  const { bytes, question, edns, transport, client, local, listener, view, metadata } = asked
  const receivedMs = systemClock.ms()
  const parts = { bytes, question, edns, transport, client, local, listener, receivedMs }
  return Object.assign(new Query(parts), { view, metadata })
}

/** Answers each question with an address record of example.org. */
export const saying =
  (address: string): Respond =>
  asked =>
    asked.reply({ answer: [`example.org. 60 IN A ${address}`] })

export const answerOf = async (
  { handle }: Chain,
  name = 'example.org.',
): Promise<readonly string[]> => show(await handle(query(name))).answer
