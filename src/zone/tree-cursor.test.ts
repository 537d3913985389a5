// The cursor against the tree: both find the same of the same memory.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { seeded, wire } from '../../test/fakes/raw-message.ts'
import { askedName, shapedZone } from '../../test/fakes/zone-shape.ts'
import { foldName } from '../wire/name.ts'
import { TYPE_A, TYPE_DNAME, TYPE_NS, TYPE_SOA, TYPE_TXT } from '../wire/rrtypes.ts'
import { loadZone } from './load-zone.ts'
import { ZoneTree } from './tree.ts'
import { TreeCursor } from './tree-cursor.ts'

const ORIGIN = wire('example.org')
const OFFSET = 4096

const isOther = (tree: ZoneTree, path: readonly number[], isFound: boolean): boolean =>
  path.some(
    (node, depth) =>
      (depth > 0 && tree.hasType(node, TYPE_NS)) ||
      (!(isFound && depth === path.length - 1) && tree.hasType(node, TYPE_DNAME)),
  )

test('tree cursor: finds what the tree finds, anywhere in the memory', () => {
  let redirected = 0
  for (let seed = 1; seed <= 30; seed++) {
    const below = seeded(seed)
    const zone = shapedZone(below, { names: 1 + below(100) })
    const buffer = new SharedArrayBuffer(1 << 17)
    const memory = () => ({ buffer, offset: OFFSET })
    const tree = loadZone({ file: 'db', origin: ORIGIN, text: zone.text, memory })
    assert.ok(tree instanceof ZoneTree)
    const cursor = new TreeCursor(new Int32Array(buffer), new Uint8Array(buffer))
    cursor.open(OFFSET)
    assert.deepEqual(
      [cursor.originNode, cursor.soaNode, cursor.hasDnssec],
      [tree.originNode, tree.soaNode, false],
    )
    for (let n = 0; n < 500; n++) {
      const text = askedName(below, zone, 'example.org')
      const name = foldName(wire(text))
      const { path, isFound } = tree.place(name)
      const isPlain = cursor.seek(name)
      assert.equal(isPlain, !isOther(tree, path, isFound), text)
      if (!isPlain) {
        redirected++
        continue
      }
      const node = path.at(-1)!
      assert.deepEqual(
        [cursor.node, cursor.isFound, isFound ? cursor.parent : -1],
        [node, isFound, isFound ? (path.at(-2) ?? -1) : -1],
        text,
      )
      assert.equal(cursor.hasBelow(node), tree.hasBelow(node))
      assert.equal(
        cursor.hasData(node),
        node === tree.originNode ? tree.apexHasData : !tree.isEmpty(node),
      )
      for (const at of path) assert.equal(cursor.wildcardBelow(at), tree.wildcardBelow(at), text)
      for (const type of [TYPE_A, TYPE_TXT, TYPE_SOA]) {
        const set = tree.rrset(node, type)
        assert.equal(cursor.find(node, type), set !== undefined)
        if (set === undefined) continue
        assert.deepEqual(
          cursor.bytes.slice(cursor.start, cursor.end),
          set.bytes.slice(set.start, set.end),
        )
      }
    }
  }
  assert.ok(redirected > 500, `${redirected} redirected`)
})
