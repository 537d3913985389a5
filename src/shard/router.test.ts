import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Asked } from '../chain/query/asked.ts'
import { foldName, NameView, nameFromText } from '../wire/name.ts'
import { typeFromText } from '../wire/rrtypes.ts'
import { type Route, Router, UNDECIDED } from './router.ts'

const wire = (text: string): Uint8Array => nameFromText(text) ?? assert.fail(text)

const asName = (text: string): NameView => new NameView(foldName(wire(text)))

/** What routing looks at; `do` stands for whatever views look at. */
const asking = (qname: string, type = 'A', qclass = 1, isDo = false): Asked =>
  ({ name: asName(qname), qtype: typeFromText(type) ?? 0, qclass, do: isDo }) as Asked

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
    assert.equal(routerOf(zones, all).route(asking(qname, type, cls))?.view, zone)
  })
}

test('router: of two blocks with one zone the first in the Corefile answers', () => {
  const router = routerOf(['example.org.'])
  router.add(wire('example.org.'), { handler: HANDLER, view: 'second' }, false)
  assert.equal(router.route(asking('example.org.'))?.view, 'example.org.')
})

const TAKING: Record<'all' | 'do' | 'slow' | 'unsure' | 'no', Pick<Route, 'accepts' | 'takes'>> = {
  all: {},
  do: { accepts: ({ do: isDo }) => isDo, takes: ({ do: isDo }) => isDo },
  slow: { accepts: () => true },
  unsure: { accepts: () => true, takes: () => undefined },
  no: { accepts: () => false, takes: () => false },
}
/** Blocks as `ZONE KIND`, called by their number. */
const chosen: { blocks: string[]; qname: string; type?: string; isDo?: boolean; view: string }[] = [
  { blocks: ['v. do', 'v. all'], qname: 'a.v.', isDo: true, view: '0' },
  { blocks: ['v. do', 'v. all'], qname: 'a.v.', view: '1' },
  { blocks: ['v. do', '. all'], qname: 'a.v.', view: '1' },
  { blocks: ['v. do', '. all'], qname: 'a.w.', view: '1' },
  { blocks: ['v. no'], qname: 'a.v.', view: 'nobody' },
  { blocks: ['v. no', 'v. slow'], qname: 'a.v.', view: 'undecided' },
  { blocks: ['v. all', 'v. slow'], qname: 'a.v.', view: '0' },
  { blocks: ['v. unsure', 'v. all'], qname: 'a.v.', view: 'undecided' },
  { blocks: ['s.v. do', 'v. do', '. all'], qname: 's.v.', type: 'DS', isDo: true, view: '1' },
  { blocks: ['s.v. do', 'v. no', '. all'], qname: 's.v.', type: 'DS', isDo: true, view: '0' },
  { blocks: ['s.v. no', 'v. no', '. all'], qname: 's.v.', type: 'DS', view: '2' },
]
for (const { blocks, qname, type, isDo, view } of chosen)
  test(`router: ${blocks.join(', ')} for ${type ?? 'A'} ${qname}${isDo ? ' DO' : ''}: ${view}`, () => {
    const router = new Router()
    for (const [at, block] of blocks.entries()) {
      const [zone = '', kind = ''] = block.split(' ')
      router.add(
        wire(zone),
        { handler: HANDLER, view: String(at), ...TAKING[kind as keyof typeof TAKING] },
        false,
      )
    }
    const route = router.route(asking(qname, type, 1, isDo))
    assert.equal(route === UNDECIDED ? 'undecided' : (route?.view ?? 'nobody'), view)
  })

test('router: among very many zones blocks are not chosen on the fast path', () => {
  const router = new Router()
  for (let n = 0; n < 100; n++)
    router.add(wire(`v${n}.`), { handler: HANDLER, view: `${n}`, ...TAKING.do }, false)
  assert.equal(router.route(asking('a.v7.', 'A', 1, true)), UNDECIDED)
})
