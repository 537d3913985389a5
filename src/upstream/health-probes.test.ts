import assert from 'node:assert/strict'
import test, { type TestContext } from 'node:test'
import { makeEndpoint } from './endpoint.ts'
import { HealthProbes } from './health-probes.ts'
import { HealthWords, healthWordCount } from './health-words.ts'

const UPSTREAMS = [makeEndpoint('dns', '192.0.2.1', 53), makeEndpoint('dns', '192.0.2.2', 53)]

interface Setup {
  readonly health: HealthWords
  readonly probes: HealthProbes
  /** Names probed, in order. */
  readonly probed: string[]
  readonly failures: string[]
  /** Ends the running probe of an upstream. Resolves once a probe of it runs. */
  finish(index: number, isAlive: boolean): Promise<void>
}

/** Probes that run until told how they end. */
function setup(t: TestContext, intervalMs = 1): Setup {
  const words = new Int32Array(new SharedArrayBuffer(4 * (3 + healthWordCount(2))))
  const health = new HealthWords(words, 3)
  const probed: string[] = []
  const failures: string[] = []
  const running = UPSTREAMS.map(() => Promise.withResolvers<(isAlive: boolean) => void>())
  const probes = new HealthProbes({
    words: health,
    upstreams: UPSTREAMS,
    intervalMs,
    probe: upstream =>
      new Promise(resolve => {
        probed.push(upstream.name)
        running[UPSTREAMS.indexOf(upstream)]?.resolve(resolve)
      }),
    onFailure: ({ name }) => void failures.push(name),
  })
  const finish = async (index: number, isAlive: boolean): Promise<void> => {
    const end = await running[index]!.promise
    running[index] = Promise.withResolvers()
    end(isAlive)
    await new Promise(setImmediate)
  }
  t.after(async () => {
    const stopped = probes.stop()
    for (const { promise } of running) void promise.then(end => end(false))
    await stopped
  })
  probes.start()
  return { health, probes, probed, failures, finish }
}

test('an upstream is probed once it is reported, and only that one', async t => {
  const { health, probed, finish } = setup(t)
  health.reportFailure(1)
  await finish(1, true)
  assert.deepEqual(probed, ['192.0.2.2:53'])
})

test('a report made before the start is not lost', async t => {
  const words = new Int32Array(new SharedArrayBuffer(4 * healthWordCount(2)))
  const health = new HealthWords(words, 0)
  health.reportFailure(0)
  const { promise, resolve } = Promise.withResolvers<string>()
  const probe = async ({ name }: { name: string }): Promise<boolean> => {
    resolve(name)
    return true
  }
  const probes = new HealthProbes({
    words: health,
    upstreams: UPSTREAMS,
    intervalMs: 1,
    probe,
    onFailure: () => undefined,
  })
  t.after(() => probes.stop())
  probes.start()
  assert.equal(await promise, '192.0.2.1:53')
})

test('failed probes are counted, in the words and for the metric, until one succeeds', async t => {
  const { health, failures, finish } = setup(t)
  health.reportFailure(0)
  for (let fails = 1; fails <= 3; fails++) {
    await finish(0, false)
    assert.equal(health.fails(0), fails)
  }
  assert.equal(health.fails(1), 0)
  await finish(0, true)
  assert.equal(health.fails(0), 0)
  assert.deepEqual(failures, Array(3).fill('192.0.2.1:53'))
})

test('however many failures are reported, one probe runs per upstream', async t => {
  const { health, probed, finish } = setup(t, 3_600_000)
  for (let count = 0; count < 10; count++) {
    health.reportFailure(0)
    health.reportFailure(1)
    await new Promise(setImmediate)
  }
  await finish(0, false)
  health.reportFailure(0)
  await new Promise(setImmediate)
  assert.deepEqual(probed, ['192.0.2.1:53', '192.0.2.2:53'])
})

test('an upstream that fails again after a success is probed again', async t => {
  const { health, probed, finish } = setup(t)
  health.reportFailure(0)
  await finish(0, true)
  health.reportFailure(0)
  await finish(0, true)
  assert.equal(probed.length, 2)
})

test('stopping ends a loop that waits for its interval, and starts no other', async t => {
  const { health, probes, probed, finish } = setup(t, 3_600_000)
  health.reportFailure(0)
  await finish(0, false)
  await probes.stop()
  health.reportFailure(1)
  await new Promise(setImmediate)
  assert.deepEqual(probed, ['192.0.2.1:53'])
})

test('a ring from another thread’s view of the words is heard', async () => {
  const buffer = new SharedArrayBuffer(4 * healthWordCount(1))
  const [mine, theirs] = [
    new HealthWords(new Int32Array(buffer), 0),
    new HealthWords(new Int32Array(buffer), 0),
  ]
  const ringing = mine.waitForRing(mine.rings)
  theirs.reportFailure(0)
  await ringing
  assert.equal(mine.isProbeWanted(0), true)
})
