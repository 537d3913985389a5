import assert from 'node:assert/strict'
import { test } from 'node:test'
import { labelsOf, labelsText } from '../../../../../test/fakes/cluster.ts'
import { nameFromText } from '../../../../wire/name.ts'
import { ExternalNames } from './external-names.ts'

/** `name: target` pairs, all in namespace ns. */
const namesOf = (targets: Readonly<Record<string, string>>): ExternalNames => {
  const names = new ExternalNames()
  for (const [name, target] of Object.entries(targets))
    names.set(labelsOf('ns', name), nameFromText(target))
  return names
}

const dependents = (names: ExternalNames, name: string): string[] =>
  names.dependentsOf(labelsOf('ns', name)).map(labelsText).sort()

const cases: {
  readonly name: string
  readonly targets: Readonly<Record<string, string>>
  readonly gives: readonly string[]
}[] = [
  { name: 'nobody', targets: {}, gives: [] },
  { name: 'a target in the cluster', targets: { a: 'web.ns.svc.cluster.local.' }, gives: ['a.ns'] },
  {
    name: 'whatever the zone',
    targets: { a: 'web.ns.svc.', b: 'web.ns.svc.example.org.' },
    gives: ['a.ns', 'b.ns'],
  },
  {
    name: 'an endpoint of the service',
    targets: { a: 'pod-1.web.ns.svc.cluster.local.' },
    gives: ['a.ns'],
  },
  {
    name: 'a port of the service',
    targets: { a: '_http._tcp.web.ns.svc.cluster.local.' },
    gives: ['a.ns'],
  },
  {
    name: 'another namespace, another service, no service',
    targets: { a: 'web.b.svc.', b: 'www.ns.svc.', c: 'web.ns.pod.' },
    gives: [],
  },
  { name: 'too few labels', targets: { a: 'ns.svc.', b: 'svc.', c: '.' }, gives: [] },
  {
    name: 'over others',
    targets: { a: 'web.ns.svc.x.', b: 'a.ns.svc.x.', c: 'b.ns.svc.x.' },
    gives: ['a.ns', 'b.ns', 'c.ns'],
  },
  {
    name: 'in a circle, each once and never itself',
    targets: { a: 'web.ns.svc.x.', web: 'b.ns.svc.x.', b: 'a.ns.svc.x.' },
    gives: ['a.ns', 'b.ns'],
  },
  { name: 'itself', targets: { web: 'web.ns.svc.x.' }, gives: [] },
]
for (const { name, targets, gives } of cases) {
  test(`dependentsOf: ${name}`, () => assert.deepEqual(dependents(namesOf(targets), 'web'), gives))
}

test('a target that changes or goes leaves no dependent behind', () => {
  const names = namesOf({ a: 'web.ns.svc.x.', b: 'web.ns.svc.x.' })
  names.set(labelsOf('ns', 'a'), nameFromText('other.ns.svc.x.'))
  names.set(labelsOf('ns', 'b'), undefined)
  assert.deepEqual([dependents(names, 'web'), dependents(names, 'other')], [[], ['a.ns']])
})
