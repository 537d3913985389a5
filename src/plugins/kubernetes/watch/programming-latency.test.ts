import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  clusterService,
  externalService,
  headlessService,
  START_MS,
  serviceOf,
  sliceOf,
  worldOf,
} from '../../../../test/fakes/cluster.ts'

const CAUSE = 'endpoints.kubernetes.io/last-change-trigger-time'
const at = (ms: number): string => new Date(START_MS + ms).toISOString()

const cases = [
  {
    name: 'a service with a cluster address',
    service: clusterService('shop', 'web', '192.0.2.1'),
    cause: at(0),
    gives: ['cluster_ip 2.5'],
  },
  {
    name: 'a headless service',
    service: headlessService('shop', 'web'),
    cause: at(0),
    gives: ['headless_with_selector 2.5'],
  },
  {
    name: 'an external one: nothing',
    service: externalService('shop', 'web', 'example.org'),
    cause: at(0),
    gives: [],
  },
  {
    name: 'one without a selector: nothing',
    service: serviceOf('shop', 'web', { clusterIP: 'None' }),
    cause: at(0),
    gives: [],
  },
  {
    name: 'a cause that lies ahead is 0',
    service: headlessService('shop', 'web'),
    cause: at(9000),
    gives: ['headless_with_selector 0'],
  },
  {
    name: 'nanoseconds',
    service: headlessService('shop', 'web'),
    cause: '2026-01-02T03:04:05.500000001Z',
    gives: ['headless_with_selector 2'],
  },
  {
    name: 'another time zone',
    service: headlessService('shop', 'web'),
    cause: '2026-01-02T04:04:06+01:00',
    gives: ['headless_with_selector 1.5'],
  },
  {
    name: 'no time: nothing',
    service: headlessService('shop', 'web'),
    cause: 'yesterday',
    gives: [],
  },
  {
    name: 'no day: nothing',
    service: headlessService('shop', 'web'),
    cause: '2026-13-45T03:04:05Z',
    gives: [],
  },
]
for (const { name, service, cause, gives } of cases) {
  test(`programming latency: ${name}`, () => {
    const world = worldOf()
    world.cluster.services.put(service)
    world.cluster.services.flush()
    world.pass(2500)
    world.cluster.slices.put(sliceOf('shop', 'web-1', 'web', ['198.51.100.1'], { [CAUSE]: cause }))
    assert.deepEqual(world.observed, [])
    world.cluster.slices.flush()
    assert.deepEqual(world.observed, gives)
  })
}

test('programming latency: every change of a watch counts, until the service is written', () => {
  const world = worldOf()
  const { services, slices } = world.cluster
  services.put(headlessService('shop', 'web'))
  for (let n = 1; n <= 2; n++)
    slices.put(sliceOf('shop', 'web-1', 'web', [`198.51.100.${n}`], { [CAUSE]: at(-1000 * n) }))
  services.flush()
  slices.put(sliceOf('shop', 'web-1', 'web', ['198.51.100.2'], { [CAUSE]: at(-5000) }))
  slices.flush()
  services.put(clusterService('shop', 'web', '192.0.2.1'))
  services.flush()
  assert.deepEqual(world.observed, ['headless_with_selector 1', 'headless_with_selector 2'])
})

test('programming latency: lists say nothing', () => {
  const world = worldOf()
  const { services, slices } = world.cluster
  services.put(headlessService('shop', 'web'))
  slices.listBegins()
  slices.put(sliceOf('shop', 'web-1', 'web', ['198.51.100.1'], { [CAUSE]: at(-1000) }))
  slices.listEnds()
  assert.equal(world.service('shop', 'web')?.addresses.length, 1)
  assert.deepEqual(world.observed, [])
})
