import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { KubeObject } from '../../../../kube/kube-object.ts'
import { decodePod } from '../../records/pod-record.ts'
import { PodFacts, podAddress, podFacts } from './pod-facts.ts'

const pod = (name: string, labels: unknown): KubeObject => ({
  metadata: { name, namespace: 'shop', labels } as KubeObject['metadata'],
})

const written = [
  { rule: 'name and labels', labels: { app: 'till', tier: 'x' }, facts: 'a app till tier x' },
  { rule: 'no labels', labels: undefined, facts: 'a' },
  { rule: 'labels that are none', labels: ['x'], facts: 'a 0 x' },
  { rule: 'values that are no texts', labels: { app: 7, b: 'c', d: { e: 'f' } }, facts: 'a b c' },
]
for (const { rule, labels, facts } of written)
  test(`facts of a pod: ${rule}`, () =>
    assert.equal((JSON.parse(podFacts(pod('a', labels))) as string[]).join(' '), facts))

test('labels are bounded', () => {
  const labels = Object.fromEntries(
    Array.from({ length: 1000 }, (_, n) => [`k${n}`, 'v'.repeat(63)]),
  )
  assert.ok(podFacts(pod('a', labels)).length < 5000)
})

test('the address stands in front of the facts', () => {
  assert.equal(podAddress(`0af40107${podFacts(pod('a', { b: '[' }))}`), '0af40107')
  assert.equal(podAddress('0af40107'), '0af40107')
})

test('the first pod at an address stands for it, until it goes or moves', () => {
  const seen: string[] = []
  const facts = new PodFacts(
    (address, record) =>
      void seen.push(
        `${address.toHex()} ${
          record === undefined
            ? '-'
            : Object.values(decodePod(record, 0, record.length))
                .flat(2)
                .join(' ')
        }`,
      ),
  )
  const at = (address: string, name: string, labels?: object): string =>
    address + podFacts(pod(name, labels))
  facts.changed('shop/a', undefined, at('01', 'a'))
  facts.changed('shop/b', undefined, at('01', 'b'))
  facts.changed('shop/a', at('01', 'a'), at('01', 'a', { x: 'y' }))
  facts.changed('shop/b', at('01', 'b'), at('01', 'b', { x: 'y' }))
  facts.changed('shop/a', at('01', 'a', { x: 'y' }), at('02', 'a', { x: 'y' }))
  facts.changed('shop/a', at('02', 'a', { x: 'y' }), undefined)
  facts.changed('shop/b', at('01', 'b', { x: 'y' }), undefined)
  assert.deepEqual(seen, [
    '01 shop a',
    '01 shop a x y',
    '01 shop b x y',
    '02 shop a x y',
    '02 -',
    '01 -',
  ])
})

test('of pods at one address the first by namespace and name stands for it', () => {
  const names: string[] = []
  const facts = new PodFacts((_, record) => {
    const { namespace, name } = decodePod(record!, 0, record!.length)
    names.push(`${namespace}/${name}`)
  })
  for (const id of ['b/z', 'a-b/x', 'a/y', 'a/z', 'a/x'])
    facts.changed(id, undefined, `01${podFacts(pod(id.split('/')[1]!, {}))}`)
  assert.deepEqual(names, ['b/z', 'a-b/x', 'a/y', 'a/x'])
})
