import assert from 'node:assert/strict'
import { test } from 'node:test'
import { seeded, wire } from '../../test/fakes/raw-message.ts'
import { foldName, isSubname, nameToText } from '../wire/name.ts'
import {
  TYPE_A,
  TYPE_MX,
  TYPE_NS,
  TYPE_RRSIG,
  TYPE_SOA,
  TYPE_SRV,
  TYPE_TXT,
} from '../wire/rrtypes.ts'
import { compareKeys, MAX_KEY_SIZE, nameOfKey, writeKey } from './canonical-key.ts'
import { loadZone, ZoneLoader } from './load-zone.ts'
import { recordText } from './record-text.ts'
import { recordsOf, rrsetOf, ZoneTree } from './tree.ts'
import { type TreeMemory, ZoneBuilder } from './zone-builder.ts'
import { problemText } from './zone-problem.ts'

const ORIGIN = wire('example.org')

/** RFC 4034, section 6.1, its example. */
const CANONICAL = [
  'example.',
  'a.example.',
  'yljkjljk.a.example.',
  'Z.a.example.',
  'zABC.a.EXAMPLE.',
  'z.example.',
  '\\001.z.example.',
  '*.z.example.',
  '\\200.z.example.',
]

const keyOf = (name: Uint8Array): Uint8Array => {
  const key = new Uint8Array(MAX_KEY_SIZE)
  return key.slice(0, writeKey(name, key, 0))
}

const compareNames = (a: Uint8Array, b: Uint8Array): number => {
  const [x, y] = [keyOf(a), keyOf(b)]
  return compareKeys(x, 0, x.length, y, 0, y.length)
}

test('keys: names stand in canonical order', () => {
  const names = CANONICAL.map(wire)
  assert.deepEqual(
    names.toSorted(compareNames).map(name => nameToText(name)),
    CANONICAL,
  )
  assert.deepEqual(
    names
      .toReversed()
      .sort(compareNames)
      .map(name => nameToText(name)),
    CANONICAL,
  )
})

/** The order by its definition: labels from the right, byte by byte, the absent before all. */
const compareByLabels = (a: Uint8Array, b: Uint8Array): number => {
  const labels = (name: Uint8Array): Uint8Array[] => {
    const found: Uint8Array[] = []
    for (let at = 0; name[at] !== 0; at += name[at]! + 1)
      found.unshift(foldName(name).subarray(at + 1, at + 1 + name[at]!))
    return found
  }
  const [x, y] = [labels(a), labels(b)]
  for (let i = 0; i < Math.min(x.length, y.length); i++) {
    const order = Buffer.compare(x[i]!, y[i]!)
    if (order !== 0) return order
  }
  return x.length - y.length
}

/**
 * Names of few different bytes, so that they have much in common; 0, 1 and letters of both cases
 * among them.
 */
const randomName = (below: (below: number) => number, end: Uint8Array): Uint8Array => {
  const labels = Array.from({ length: below(4) }, () =>
    Array.from({ length: 1 + below(3) }, () => [0, 1, 2, 0x2a, 0x41, 0x61, 0x62][below(7)]!),
  )
  return new Uint8Array([...labels.flatMap(label => [label.length, ...label]), ...end])
}

test('keys: order and way back are right for names of any bytes', () => {
  const below = seeded(1)
  const names = Array.from({ length: 500 }, () => randomName(below, wire('a')))
  for (const name of names) {
    const key = keyOf(name)
    assert.deepEqual(nameOfKey(key, 0, key.length), foldName(name))
    const other = names[below(names.length)]!
    assert.equal(Math.sign(compareNames(name, other)), Math.sign(compareByLabels(name, other)))
  }
  const long = wire(`${'a.'.repeat(126)}b`)
  assert.deepEqual(nameOfKey(keyOf(long), 0, keyOf(long).length), long)
})

const textsOf = (tree: ZoneTree): string[] =>
  Array.from({ length: tree.nodeCount }, (_, node) => nameToText(tree.nameOf(node)))

const load = (text: string, memory?: TreeMemory): ZoneTree => {
  const tree = loadZone({
    ...(memory && { memory }),
    file: 'db',
    origin: ORIGIN,
    text: `$TTL 5\n@ SOA NS.x A.x 7 2 3 4 5\n${text}`,
  })
  return tree instanceof ZoneTree ? tree : assert.fail(tree.map(problemText).join('\n'))
}

const recordsAt = (tree: ZoneTree, node: number): string[] =>
  tree.rrsets(node).flatMap(recordsOf).map(recordText)

test('tree: nodes in canonical order, empty non-terminals between them', () => {
  const tree = load('c.b.a A 192.0.2.1\na2 A 192.0.2.2\n*.a A 192.0.2.3\nx.other. A 192.0.2.4')
  const names = [
    '',
    'org.',
    'example.org.',
    'a.example.org.',
    '*.a.example.org.',
    'b.a.example.org.',
    'c.b.a.example.org.',
    'a2.example.org.',
    'other.',
    'x.other.',
  ]
  assert.deepEqual(textsOf(tree), ['.', ...names.slice(1)])
  const node = (text: string): number => tree.find(wire(text))
  assert.equal(tree.originNode, 2)
  assert.deepEqual(
    [tree.isEmpty(node('a.example.org')), tree.isEmpty(node('a2.example.org'))],
    [true, false],
  )
  assert.deepEqual(
    [tree.hasBelow(node('a.example.org')), tree.hasBelow(node('a2.example.org'))],
    [true, false],
  )
  assert.equal(tree.endOf(tree.originNode), 8)
  assert.equal(tree.wildcardBelow(node('a.example.org')), 4)
  assert.equal(tree.wildcardBelow(tree.originNode), -1)
  assert.equal(node('A2.Example.ORG'), 7)
  assert.equal(node('x.other'), 9)
  assert.equal(node('nowhere'), -1)
  assert.deepEqual(tree.place(wire('z.y.b.a.example.org')), { path: [2, 3, 5], isFound: false })
  assert.deepEqual(tree.place(wire('b.a.example.org')), { path: [2, 3, 5], isFound: true })
  assert.deepEqual(tree.place(wire('y.other')), { path: [0, 8], isFound: false })
})

test('tree: the last name with records before another', () => {
  const tree = load('b A 192.0.2.1\nd.c A 192.0.2.2')
  const before = (text: string): string => nameToText(tree.nameOf(tree.before(wire(text))))
  assert.equal(before('example.org'), 'example.org.')
  assert.equal(before('a.example.org'), 'example.org.')
  assert.equal(before('b.example.org'), 'b.example.org.')
  assert.equal(before('z.b.example.org'), 'b.example.org.')
  assert.equal(before('c.example.org'), 'b.example.org.')
  assert.equal(before('zzz'), 'd.c.example.org.')
  assert.equal(tree.before(wire('com')), -1)
})

test('tree: the records of a set stand in the order of the file, sets by type', () => {
  const tree = load(
    'a TXT x\nb A 192.0.2.9\na A 192.0.2.2\na 6 A 192.0.2.1\na A 192.0.2.2\nA CH TXT y',
  )
  assert.deepEqual(recordsAt(tree, tree.find(wire('a.example.org'))), [
    'a.example.org. 5 IN A 192.0.2.2',
    'a.example.org. 6 IN A 192.0.2.1',
    'a.example.org. 5 IN A 192.0.2.2',
    'a.example.org. 5 IN TXT "x"',
    'a.example.org. 5 CH TXT "y"',
  ])
  assert.equal(tree.recordCount, 7)
  assert.equal(tree.rrset(tree.find(wire('a.example.org')), TYPE_MX), undefined)
  assert.equal(tree.hasType(tree.find(wire('a.example.org')), TYPE_TXT), true)
})

test('tree: names in data are lower case where CoreDNS makes them so', () => {
  const tree = load(
    'a NS B.C.\na MX 5 M\na SRV 1 2 3 S.T.\na PTR P.Q.\na SVCB 1 V.W. alpn=H2\nz CNAME D.E.\nz DNAME F.G.\nz TXT ABC',
  )
  assert.deepEqual(recordsAt(tree, tree.find(wire('a.example.org'))), [
    'a.example.org. 5 IN NS b.c.',
    'a.example.org. 5 IN PTR P.Q.',
    'a.example.org. 5 IN MX 5 m.example.org.',
    'a.example.org. 5 IN SRV 1 2 3 S.T.',
    'a.example.org. 5 IN SVCB 1 v.w. alpn="H2"',
  ])
  assert.deepEqual(recordsAt(tree, tree.find(wire('z.example.org'))), [
    'z.example.org. 5 IN CNAME d.e.',
    'z.example.org. 5 IN TXT "ABC"',
    'z.example.org. 5 IN DNAME F.G.',
  ])
})

test('tree: what the apex says', () => {
  const tree = load('@ NS b\n@ NS c\n')
  assert.equal(tree.serial, 7)
  assert.deepEqual(recordsOf(tree.soa).map(recordText), [
    'example.org. 5 IN SOA ns.x.example.org. a.x.example.org. 7 2 3 4 5',
  ])
  assert.deepEqual(tree.ns && recordsOf(tree.ns).map(recordText), [
    'example.org. 5 IN NS b.example.org.',
    'example.org. 5 IN NS c.example.org.',
  ])
  assert.equal(load('').ns, undefined)
})

test('tree: the last SOA record is the one that counts', () => {
  const tree = load('@ SOA ns x 8 2 3 4 5\nz SOA ns x 9 2 3 4 5')
  assert.equal(tree.serial, 9)
  assert.equal(nameToText(tree.soa.owner), 'z.example.org.')
  assert.equal(tree.hasType(tree.originNode, TYPE_SOA), false)
})

test('tree: signatures by the type that they cover', () => {
  const signature = (type: string, tag: number): string =>
    `@ RRSIG ${type} 13 2 5 20300101000000 20200101000000 ${tag} @ AQID\n`
  const tree = load(`${signature('SOA', 1)}${signature('NS', 2)}${signature('SOA', 3)}@ NS a`)
  const tags = (type: number): number[] =>
    tree
      .signatures(tree.originNode, type)
      .flatMap(recordsOf)
      .map(({ rdata }) => rdata[17]!)
  assert.deepEqual([tags(TYPE_SOA), tags(TYPE_NS), tags(TYPE_A)], [[1, 3], [2], []])
  assert.equal(tree.signatures(tree.originNode, TYPE_SOA)[0]?.type, TYPE_RRSIG)
})

test('tree: another thread reads the same memory', () => {
  const buffer = new SharedArrayBuffer(4096)
  new Uint8Array(buffer).fill(0xa5)
  load('a A 192.0.2.1', () => ({ buffer, offset: 64 }))
  const copy = new ZoneTree(buffer, 64)
  assert.ok(new Uint8Array(buffer, 64 + copy.size).every(byte => byte === 0xa5))
  assert.deepEqual(recordsAt(copy, copy.find(wire('a.example.org'))), [
    'a.example.org. 5 IN A 192.0.2.1',
  ])
})

test('tree: a record alone is a set', () => {
  const record = {
    owner: wire('a'),
    type: TYPE_SRV,
    class: 3,
    ttlSeconds: 4_000_000_000,
    rdata: Uint8Array.of(1, 2, 3),
  }
  assert.deepEqual(recordsOf(rrsetOf(record)), [record])
})

test('tree: against a model, for names of any bytes', () => {
  for (let seed = 1; seed <= 20; seed++) {
    const below = seeded(seed)
    const builder = new ZoneBuilder(ORIGIN)
    const owners = Array.from({ length: 1 + below(60) }, () => randomName(below, ORIGIN))
    builder.add(ORIGIN, TYPE_SOA, 1, 5, new Uint8Array(22))
    for (const [i, owner] of owners.entries())
      builder.add(owner, TYPE_A, 1, 5, Uint8Array.of(10, 0, 0, i))
    const tree = builder.build()
    const expected = Map.groupBy(owners.keys(), i => nameToText(foldName(owners[i]!)))
    for (const [name, members] of expected) {
      const found = tree.rrset(tree.find(wire(name)), TYPE_A)
      assert.deepEqual(
        found && recordsOf(found).map(({ rdata }) => rdata[3]),
        [...members],
        `seed ${seed}: ${name}`,
      )
    }
    const names = Array.from({ length: tree.nodeCount }, (_, node) => tree.nameOf(node))
    assert.deepEqual(names, names.toSorted(compareByLabels), `seed ${seed}: canonical order`)
    for (const [node, name] of names.entries()) {
      const end = names.findIndex((other, i) => i > node && !isSubname(other, name))
      if (node > 0)
        assert.equal(
          tree.endOf(node),
          end < 0 ? names.length : end,
          `seed ${seed}: end below ${nameToText(name)}`,
        )
    }
    const asked = randomName(below, ORIGIN)
    const last = [ORIGIN, ...owners]
      .filter(owner => compareByLabels(owner, asked) <= 0)
      .sort(compareByLabels)
      .at(-1)!
    assert.deepEqual(
      tree.nameOf(tree.before(asked)),
      foldName(last),
      `seed ${seed}: before ${nameToText(asked)}`,
    )
  }
})

const PROBLEMS: readonly {
  readonly name: string
  readonly text: string
  readonly problem: string
}[] = [
  {
    name: 'without SOA',
    text: '@ 5 NS ns',
    problem: 'db: there is no SOA record for zone example.org.',
  },
  { name: 'empty', text: '', problem: 'db: there is no SOA record for zone example.org.' },
  {
    name: 'signed with NSEC3',
    text: '@ 5 SOA a b 1 2 3 4 5\n@ 5 NSEC3PARAM 1 0 0 -',
    problem: 'db:2:1: a zone that is signed with NSEC3 cannot be served',
  },
  { name: 'with a mistake', text: 'a 5 A x', problem: 'db:1:7: x is not an IPv4 address' },
]
for (const { name, text, problem } of PROBLEMS) {
  test(`loadZone: refuses a zone ${name}`, () => {
    const problems = loadZone({ file: 'db', origin: ORIGIN, text })
    assert.deepEqual(problems instanceof ZoneTree ? [] : problems.map(problemText), [problem])
  })
}

test('ZoneLoader: 100,000 records cost some megabytes, and come in slices', () => {
  const records = Array.from(
    { length: 100_000 },
    (_, i) => `host${(i * 7919) % 100_000} A 10.${i >> 16}.${(i >> 8) & 255}.${i & 255}`,
  )
  const loader = new ZoneLoader({
    file: 'db',
    origin: ORIGIN,
    text: `$TTL 5\n@ SOA a b 1 2 3 4 5\n${records.join('\n')}`,
  })
  let slices = 1
  while (!loader.slice()) slices++
  assert.ok(slices > 100, `${slices} slices`)
  const tree = loader.tree ?? assert.fail('no tree')
  assert.equal(tree.recordCount, 100_001)
  assert.ok(tree.size < 6_000_000, `${tree.size} bytes`)
  const node = tree.find(wire('host7919.example.org'))
  assert.deepEqual(recordsAt(tree, node), ['host7919.example.org. 5 IN A 10.0.0.1'])
})
