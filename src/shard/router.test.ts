import assert from 'node:assert/strict'
import { test } from 'node:test'
import { foldName, NameView, nameFromText } from '../wire/name.ts'
import { typeFromText } from '../wire/rrtypes.ts'
import { type Route, Router } from './router.ts'

const wire = (text: string): Uint8Array => nameFromText(text) ?? assert.fail(text)

const asName = (text: string): NameView => new NameView(foldName(wire(text)))

const HANDLER = (): never => assert.fail('nobody asks')

/** Routes named by their zone, through `view`; `-` before a zone: its block is empty. */
const routerOf = (zones: readonly string[], allClasses = false): Router => {
  const router = new Router()
  for (const zone of zones)
    router.add(
      wire(zone.replace('-', '')),
      { handler: zone.startsWith('-') ? undefined : HANDLER, view: zone } satisfies Route,
      allClasses,
    )
  return router
}

const cases: readonly {
  name: string
  zones: string[]
  qname: string
  type?: string
  cls?: number
  all?: boolean
  zone?: string
}[] = [
  {
    name: 'the longest zone wins',
    zones: ['.', 'org.', 'example.org.'],
    qname: 'a.example.org.',
    zone: 'example.org.',
  },
  {
    name: 'the zone itself belongs to it',
    zones: ['example.org.'],
    qname: 'example.org.',
    zone: 'example.org.',
  },
  {
    name: 'case does not matter',
    zones: ['example.org.'],
    qname: 'A.EXAMPLE.ORG.',
    zone: 'example.org.',
  },
  {
    name: 'a common ending that is no label is no match',
    zones: ['example.org.'],
    qname: 'notexample.org.',
  },
  {
    name: 'the root takes what nobody else does',
    zones: ['.', 'example.org.'],
    qname: 'example.net.',
    zone: '.',
  },
  { name: 'nobody: refused', zones: ['example.org.'], qname: 'example.net.' },
  {
    name: 'DS goes to the parent side',
    zones: ['.', 'org.', 'example.org.'],
    qname: 'example.org.',
    type: 'DS',
    zone: 'org.',
  },
  {
    name: 'DS stays where there is no parent zone',
    zones: ['.', 'example.org.'],
    qname: 'example.org.',
    type: 'DS',
    zone: 'example.org.',
  },
  {
    name: 'DS goes to the root only if nothing else matches',
    zones: ['.'],
    qname: 'example.org.',
    type: 'DS',
    zone: '.',
  },
  {
    name: 'DS ends at an empty block',
    zones: ['test.', '-a.test.'],
    qname: 'a.test.',
    type: 'DS',
    zone: '-a.test.',
  },
  {
    name: 'DS ends at an empty block above',
    zones: ['-test.', 'a.test.'],
    qname: 'a.test.',
    type: 'DS',
    zone: '-test.',
  },
  {
    name: 'an empty root is not asked for DS',
    zones: ['-.', 'a.test.'],
    qname: 'a.test.',
    type: 'DS',
    zone: 'a.test.',
  },
  {
    name: 'an empty block takes what is in it',
    zones: ['.', '-a.test.'],
    qname: 'b.a.test.',
    zone: '-a.test.',
  },
  { name: 'classes other than IN are refused', zones: ['.'], qname: 'version.bind.', cls: 3 },
  {
    name: 'unless a plugin answers them',
    zones: ['.'],
    qname: 'version.bind.',
    cls: 3,
    all: true,
    zone: '.',
  },
]
for (const { name, zones, qname, type = 'A', cls = 1, all = false, zone } of cases) {
  test(`router: ${name}`, () => {
    const asked = { name: asName(qname), qtype: typeFromText(type) ?? 0, qclass: cls }
    assert.equal(routerOf(zones, all).route(asked)?.view, zone)
  })
}

test('router: of two blocks with one zone the first in the Corefile answers', () => {
  const router = routerOf(['example.org.'])
  router.add(wire('example.org.'), { handler: HANDLER, view: 'second' }, false)
  assert.equal(
    router.route({ name: asName('example.org.'), qtype: 1, qclass: 1 })?.view,
    'example.org.',
  )
})
