// Changes to a cluster, and what is answered after each. Before a change every answer is in the
// cache: a cache that knows of a change keeps nothing of the second it happened in, and a test that
// went on at once would prove nothing. After it questions come from many sockets, so that every
// shard is asked.

import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import type { ClusterServer, Fence, FenceKind } from './cluster-server.ts'
import { askOneWay, type Way } from './kubernetes-ask.ts'
import { query, show } from './messages.ts'

const UDP_SOCKETS = 8
const UDP: Way = { transport: 'udp', family: 4 }
const FROM_EVERYWHERE: readonly Way[] = [
  ...Array<Way>(UDP_SOCKETS).fill(UDP),
  { transport: 'udp', family: 6 },
  { transport: 'tcp', family: 4 },
  { transport: 'tcp', family: 6 },
]
const CACHED_LIMIT_MS = 5000

export interface Step {
  readonly title: string
  /** Manifests to apply. */
  readonly apply?: string
  /** Kind, namespace and name of what is deleted first. */
  readonly remove?: readonly [kind: string, namespace: string, name: string]
  /** Gists, one for each question. */
  readonly answers: readonly string[]
}

export interface Scenario {
  readonly title: string
  /** `NAME TYPE`. */
  readonly questions: readonly string[]
  readonly steps: readonly Step[]
}

/** An rcode, NODATA, or the sorted data of the answers. */
export const gist = (reply: Uint8Array): string => {
  const { rcode, answer } = show(reply)
  if (rcode !== 'NOERROR') return rcode
  return answer.length === 0
    ? 'NODATA'
    : answer
        .map(record => record.split(' ').slice(4).join(' '))
        .toSorted()
        .join(', ')
}

export const ask = async (
  port: number,
  question: string,
  way: Way = UDP,
  id = 0,
): Promise<string> => {
  const [name = '', type] = question.split(' ')
  return gist(await askOneWay(port, query(name, type, { id }).bytes, way))
}

/** The gists of so many answers as there are ways, each once. */
const askEverywhere = async (port: number, question: string): Promise<string[]> => [
  ...new Set(await Promise.all(FROM_EVERYWHERE.map((way, id) => ask(port, question, way, id)))),
]

/**
 * Resolves once each of the questions is answered by the cache of the server, which must have
 * metrics at `metricsPort`.
 */
export const allCached = async (
  port: number,
  metricsPort: number,
  questions: readonly string[],
): Promise<void> => {
  const limitMs = performance.now() + CACHED_LIMIT_MS
  let hits = -1
  while (hits < questions.length) {
    assert.ok(
      performance.now() < limitMs,
      `${hits} of ${questions.length} questions are answered by the cache`,
    )
    const before = await hitsOf(metricsPort)
    await Promise.all(questions.map((question, id) => ask(port, question, UDP, id)))
    hits = (await hitsOf(metricsPort)) - before
  }
}

const hitsOf = async (metricsPort: number): Promise<number> => {
  const text = await (await fetch(`http://127.0.0.1:${metricsPort}/metrics`)).text()
  return [...text.matchAll(/^coredns_cache_hits_total\{.*\} (\d+)$/gm)].reduce(
    (sum, [, count]) => sum + Number(count),
    0,
  )
}

export interface StepsSetting {
  readonly cluster: ClusterServer
  readonly metricsPort: number
  readonly fence: Fence
  /** What the steps change. */
  readonly kinds: readonly FenceKind[]
}

/**
 * Takes the first step of all scenarios, then the second, and so on: the wait for the cache is
 * theirs together.
 */
export const runScenarios = async (
  t: TestContext,
  scenarios: readonly Scenario[],
  setting: StepsSetting,
): Promise<void> => {
  const { api, port } = setting.cluster
  const last = Math.max(...scenarios.map(({ steps }) => steps.length))
  for (let turn = 0; turn < last; turn++) {
    const now = scenarios.flatMap(({ title, questions, steps }) => {
      const step = steps[turn]
      return step === undefined ? [] : [{ title: `${title}: ${step.title}`, questions, step }]
    })
    for (const { step } of now) {
      if (step.remove !== undefined)
        assert.ok(api.delete(...step.remove), `${step.remove} is not there`)
      if (step.apply !== undefined) api.apply(step.apply)
    }
    await setting.fence.passed(setting.kinds)
    for (const { title, questions, step } of now) {
      await t.test(title, async () => {
        const all = await Promise.all(questions.map(question => askEverywhere(port, question)))
        const expected = step.answers.map(answer => [answer])
        assert.deepEqual(all, expected)
      })
    }
    if (turn + 1 === last) break
    const questions = now.flatMap(one => one.questions)
    await t.test(`${turn + 1}: all of it is in the cache`, () =>
      allCached(port, setting.metricsPort, questions),
    )
  }
}
