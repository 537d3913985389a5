// The answers of lookup against those that CoreDNS's *file* plugin was recorded with. What the
// plugin does around the lookup is done here in a few lines: the longest zone answers, and asks the
// server for targets of aliases.

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { HEADER_SIZE } from '../wire/header.ts'
import { type MessageLayout, readLayout } from '../wire/layout.ts'
import { expandName, isSubname, NameCursor, nameFromText, nameToText } from '../wire/name.ts'
import { RCODE_REFUSED, rcodeToText } from '../wire/rcodes.ts'
import { walkRdata } from '../wire/rdata-shape.ts'
import { TYPE_A, TYPE_DS, typeFromText } from '../wire/rrtypes.ts'
import { loadZone } from './load-zone.ts'
import { completeAlias, lookup, type ZoneAnswer } from './lookup.ts'
import { recordText, type ZoneRecord } from './record-text.ts'
import { type RRset, recordsOf, ZoneTree } from './tree.ts'

const FOLDER = new URL('../../test/golden/scenarios/', import.meta.url).pathname

/** A server block: its keys, and the file that each of its zones is read from. */
interface BlockFiles {
  readonly keys?: readonly string[]
  readonly files: Readonly<Record<string, string>>
}

const SCENARIOS: readonly { readonly name: string; readonly blocks: readonly BlockFiles[] }[] = [
  { name: 'file-basic', blocks: [{ files: { 'zone.example': 'db.zone' } }] },
  { name: 'file-wildcards', blocks: [{ files: { 'wild.example': 'db.wild' } }] },
  { name: 'file-empty-nonterminals', blocks: [{ files: { 'ent.example': 'db.ent' } }] },
  {
    name: 'file-dname',
    blocks: [{ files: { 'dn.example': 'db.dn' } }, { files: { 'target.example': 'db.target' } }],
  },
  { name: 'file-delegations', blocks: [{ files: { 'par.example': 'db.par' } }] },
  {
    name: 'file-ttl-inheritance',
    blocks: [{ files: { 'ttl.example': 'db.ttl' } }, { files: { 'nottl.example': 'db.nottl' } }],
  },
  { name: 'file-additional', blocks: [{ files: { 'add.example': 'db.add' } }] },
  { name: 'file-rrtypes', blocks: [{ files: { 'ty.example': 'db.ty' } }] },
  {
    name: 'file-many-zones',
    blocks: [
      {
        keys: ['up.example'],
        files: {
          'up.example': 'db.shared',
          'down.up.example': 'db.shared',
          'child.up.example': 'db.child',
        },
      },
      { files: { 'lo.child.up.example': 'db.shared' } },
      { files: { 'mult1.example': 'db.shared', 'mult2.example': 'db.shared' } },
      { files: { '10.in-addr.arpa': 'db.rev', '8.b.d.0.1.0.0.2.ip6.arpa': 'db.rev' } },
    ],
  },
  {
    name: 'file-more-zones',
    blocks: [
      { keys: ['chase.test'], files: { 'chase.test': 'db.chase', 'under.chase.test': 'db.under' } },
      { files: { 'deep.under.chase.test': 'db.under' } },
      { files: { 'case.test': 'db.case' } },
      { files: { '_udp.svc.test': 'db.under' } },
      { files: { '0/25.2.0.192.in-addr.arpa': 'db.rfc2317' } },
    ],
  },
  { name: 'file-signed', blocks: [{ files: { 'signed.example': 'db.signed' } }] },
  {
    name: 'file-signed-wildcards-delegations',
    blocks: [{ files: { 'signed.example': 'db.signed' } }],
  },
]

/** Recorded answers that are wanted otherwise. */
const WANTED: readonly {
  readonly scenario: string
  readonly query: RegExp
  readonly reason: string
}[] = [
  {
    scenario: 'file-dname',
    query: /\.long\.dn\.example/,
    reason:
      'a DNAME whose name is too long is YXDOMAIN (RFC 6672 section 2.2); CoreDNS sends NXDOMAIN, cut off at the CNAME it cannot pack',
  },
  {
    scenario: 'file-signed',
    query: /^signed\.example RRSIG/,
    reason:
      'the signatures of the apex are all shown; CoreDNS leaves out those of SOA and NS, which it keeps elsewhere',
  },
]

interface Recorded {
  readonly query: string
  readonly reply?: 'none'
  readonly rcode: string
  readonly flags: string
  readonly wire: string
}

const wireName = (text: string): Uint8Array =>
  nameFromText(text.toLowerCase()) ?? assert.fail(`not a name: ${text}`)

interface Zone {
  readonly origin: Uint8Array
  readonly tree: ZoneTree
}

interface Block {
  readonly keys: readonly Uint8Array[]
  readonly zones: readonly Zone[]
}

const loadZoneFile = (folder: string, name: string, file: string): Zone => {
  const origin = wireName(name)
  const tree = loadZone({ file, origin, text: readFileSync(join(folder, file)) })
  return tree instanceof ZoneTree ? { origin, tree } : assert.fail(JSON.stringify(tree))
}

const loadBlocks = (folder: string, blocks: readonly BlockFiles[]): Block[] =>
  blocks.map(({ files, keys = Object.keys(files) }) => ({
    keys: keys.map(wireName),
    zones: Object.entries(files).map(([name, file]) => loadZoneFile(folder, name, file)),
  }))

/** The things whose names a name is in, the longest first. */
const around = <T>(
  qname: Uint8Array,
  things: readonly T[],
  nameOf: (thing: T) => Uint8Array,
): T[] =>
  things
    .filter(thing => isSubname(qname, nameOf(thing)))
    .sort((a, b) => nameOf(b).length - nameOf(a).length)

/** The block that the server gives a question to; for DS the one above it, if there is one. */
const blockFor = (
  blocks: readonly Block[],
  qname: Uint8Array,
  qtype: number,
): Block | undefined => {
  const keys = blocks.flatMap(block => block.keys.map(key => ({ key, block })))
  const [own, above] = around(qname, keys, ({ key }) => key)
  return (qtype === TYPE_DS ? (above ?? own) : own)?.block
}

interface Served {
  readonly rcode: number
  readonly isAuthoritative: boolean
  readonly sections: readonly ZoneRecord[][]
}

const ask = (
  blocks: readonly Block[],
  qname: Uint8Array,
  qtype: number,
  withDnssec: boolean,
  aliasDepth = 0,
): Served => {
  const [zone] = around(qname, blockFor(blocks, qname, qtype)?.zones ?? [], ({ origin }) => origin)
  if (zone === undefined)
    return { rcode: RCODE_REFUSED, isAuthoritative: false, sections: [[], [], []] }
  const question = { qname, qtype, withDnssec, aliasDepth }
  let found: ZoneAnswer = lookup(zone.tree, question)
  if (found.chase !== undefined) {
    const { rcode, sections } = ask(blocks, found.chase, qtype, withDnssec, aliasDepth + 1)
    found = completeAlias(zone.tree, question, found, rcode, sections[0] ?? [])
  }
  const { rcode, isAuthoritative, answer, authority, additional } = found
  const records = (sets: readonly RRset[]): ZoneRecord[] => sets.flatMap(recordsOf)
  return {
    rcode,
    isAuthoritative,
    sections: [records(answer), records(authority), records(additional)],
  }
}

/** Rdata of a message with its names written out. */
const expandedRdata = (bytes: Uint8Array, layout: MessageLayout, index: number): Uint8Array => {
  const parts: Uint8Array[] = []
  const start = layout.rdataOffset(index)
  walkRdata(
    bytes,
    start,
    start + layout.rdataLength(index),
    HEADER_SIZE,
    layout.type(index),
    new NameCursor(),
    {
      rdataBytes: (_, from, to) => parts.push(bytes.subarray(from, to)) > 0,
      rdataName: (_, offset) => parts.push(expanded(bytes, offset)) > 0,
    },
  )
  return new Uint8Array(Buffer.concat(parts))
}

const expanded = (bytes: Uint8Array, offset: number): Uint8Array => {
  const name = new Uint8Array(255)
  return name.subarray(0, expandName(bytes, offset, name))
}

/** What a recorded message says, as text; the letter case of owners is the question's business. */
const shownMessage = (bytes: Uint8Array): string[][] => {
  const layout = readLayout(bytes) ?? assert.fail('a recorded message is malformed')
  const sections: string[][] = [[], [], []]
  for (let i = 0; i < layout.count; i++) {
    if (i === layout.optIndex) continue
    const [type, cls, ttlSeconds, owner] = [
      layout.type(i),
      layout.class(i),
      layout.ttl(i),
      expanded(bytes, layout.ownerOffset(i)),
    ]
    sections[layout.sectionOf(i)]!.push(
      recordText({ owner, type, class: cls, ttlSeconds, rdata: expandedRdata(bytes, layout, i) }),
    )
  }
  return sections
}

const shownAnswer = ({ rcode, isAuthoritative, sections }: Served): unknown => ({
  rcode: rcodeToText(rcode),
  isAuthoritative,
  sections: sections.map(records => records.map(recordText)),
})

for (const { name, blocks } of SCENARIOS) {
  test(`recorded: ${name}`, () => {
    const folder = join(FOLDER, name)
    const { replies } = JSON.parse(readFileSync(join(folder, 'expected.json'), 'utf8')) as {
      replies: Recorded[]
    }
    const loaded = loadBlocks(folder, blocks)
    let compared = 0
    for (const recorded of replies) {
      const [qname = '', qtype = '', ...options] = recorded.query.split(' ')
      const isOther =
        options.some(option => /^(opcode|CH|port|tcp|type|ID|AXFR)/.test(option)) ||
        /^[AI]XFR$/.test(qtype)
      const isUnasked = recorded.reply !== undefined || recorded.flags.includes('tc') || isOther
      const isWanted = WANTED.some(
        wanted => wanted.scenario === name && wanted.query.test(recorded.query),
      )
      const type = typeFromText(qtype)
      if (isUnasked || isWanted || type === undefined) continue
      if (blockFor(loaded, wireName(qname), type) === undefined) continue
      const served = ask(loaded, wireName(qname), type, options.includes('do'))
      const isAuthoritative = recorded.flags.includes('aa')
      const sections = shownMessage(Uint8Array.fromHex(recorded.wire))
      assert.deepEqual(
        shownAnswer(served),
        { rcode: recorded.rcode, isAuthoritative, sections },
        recorded.query,
      )
      compared++
    }
    assert.ok(compared > 5, `${compared} of ${replies.length} answers compared`)
  })
}

test('recorded: the exceptions are what they are said to be', () => {
  const folder = join(FOLDER, 'file-dname')
  const blocks = loadBlocks(folder, [{ files: { 'dn.example': 'db.dn' } }])
  const qname = wireName(`${`${'a'.repeat(63)}.`.repeat(3)}long.dn.example`)
  const { rcode, sections } = ask(blocks, qname, TYPE_A, false)
  assert.equal(rcodeToText(rcode), 'YXDOMAIN')
  assert.deepEqual(
    sections[0]!.map(record => nameToText(record.owner)),
    ['long.dn.example.'],
  )
})
