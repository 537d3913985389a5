// Zone files against programs that others wrote: BIND's named-compilezone takes and refuses the
// same files and finds the same records in them, and what we write it reads back the same. The
// files are made of seeded random numbers: 100 here, 1,000 in the thorough form.

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { foldName, nameFromText, nameToText } from '../src/wire/name.ts'
import { classToText, typeToText } from '../src/wire/rrtypes.ts'
import { MasterFileParser } from '../src/zone/master-file.ts'
import { recordText, type ZoneRecord } from '../src/zone/record-text.ts'
import { problemText } from '../src/zone/zone-problem.ts'
import { seeded } from './fakes/raw-message.ts'
import { DATA, spoiled, zoneText } from './fakes/zone-text.ts'
import { isThorough } from './support/effort.ts'
import { temporaryFolder, without } from './support/server-process.ts'

const FILES = isThorough ? 1000 : 100
const RECORDS = 40
const ORIGIN = nameFromText('example.org') ?? new Uint8Array(1)
const BIND = 'named-compilezone'
/** The checks that look at more than one record, or at what names mean, are not the parser's. */
const LAX = [
  '-i',
  'none',
  '-k',
  'ignore',
  '-m',
  'ignore',
  '-M',
  'ignore',
  '-n',
  'ignore',
  '-r',
  'ignore',
  '-S',
  'ignore',
  '-W',
  'ignore',
]

/** Types that are not compared with BIND, and why. */
const NOT_COMPARED: Readonly<Record<string, string>> = {
  MD: 'BIND refuses it as obsolete',
  MF: 'BIND refuses it as obsolete',
  UINFO: 'BIND does not know it',
  UID: 'BIND does not know it',
  GID: 'BIND does not know it',
}

const TYPES = Object.keys(DATA).filter(type => !(type in NOT_COMPARED))

const parse = (text: string | Uint8Array): { records: ZoneRecord[]; problems: string[] } => {
  const records: ZoneRecord[] = []
  const parser = new MasterFileParser({
    file: 'zone',
    origin: ORIGIN,
    text,
    record: (owner, type, cls, ttlSeconds, rdata) => {
      records.push({ owner: foldName(owner), type, class: cls, ttlSeconds, rdata: rdata.slice() })
      return undefined
    },
  })
  return { problems: parser.parse().map(problemText), records }
}

/** A record with its data in hex, for comparison: neither program's printer is asked. */
const plain = ({ owner, type, class: cls, ttlSeconds, rdata }: ZoneRecord): string =>
  `${nameToText(owner)} ${ttlSeconds} ${classToText(cls)} ${typeToText(type)} ${rdata.toHex()}`

/** What a set of records comes to: BIND leaves out duplicates. */
const sorted = (records: readonly ZoneRecord[]): string[] => [...new Set(records.map(plain))].sort()

/** The records of BIND's raw format, version 1: sets of records, each with its size in front. */
const fromRaw = (bytes: Uint8Array): ZoneRecord[] => {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  const records: ZoneRecord[] = []
  for (let at = view.getUint32(4) === 1 ? 24 : 12; at < bytes.length; ) {
    const end = at + view.getUint32(at)
    const [cls, type, ttlSeconds, count] = [
      view.getUint16(at + 4),
      view.getUint16(at + 6),
      view.getUint32(at + 10),
      view.getUint32(at + 14),
    ]
    const nameEnd = at + 20 + view.getUint16(at + 18)
    const owner = foldName(bytes.subarray(at + 20, nameEnd))
    at = nameEnd
    for (let i = 0; i < count; i++) {
      const to = at + 2 + view.getUint16(at)
      records.push({ owner, type, class: cls, ttlSeconds, rdata: bytes.subarray(at + 2, to) })
      at = to
    }
    assert.equal(at, end, 'a set of records has the size that stands in front of it')
  }
  return records
}

interface Compiled {
  /** Undefined for a file that is refused. */
  readonly records: string[] | undefined
  readonly output: string
}

const compile = (folder: string, text: string | Uint8Array): Compiled => {
  const [zone, out] = [join(folder, 'zone'), join(folder, 'out')]
  writeFileSync(zone, text)
  writeFileSync(out, '')
  const run = spawnSync(BIND, [...LAX, '-F', 'raw=1', '-o', out, 'example.org', zone], {
    timeout: 20_000,
    encoding: 'utf8',
    cwd: folder,
  })
  const output = run.stdout + run.stderr
  assert.notEqual(run.status, null, `${BIND} did not end: ${output}`)
  return { records: run.status === 0 ? sorted(fromRaw(readFileSync(out))) : undefined, output }
}

test(`${BIND} finds the records that we find, in ${FILES} zone files`, {
  skip: without(BIND),
  timeout: 600_000,
}, t => {
  const folder = temporaryFolder(t)
  for (let seed = 1; seed <= FILES; seed++) {
    const text = zoneText(seeded(seed), { types: TYPES, records: RECORDS })
    const { records, problems } = parse(text)
    const bind = compile(folder, text)
    assert.deepEqual(
      { problems, records: sorted(records) },
      { problems: [], records: bind.records },
      `seed ${seed}: ${bind.output}`,
    )
    const again = compile(folder, `${records.map(recordText).join('\n')}\n`)
    assert.deepEqual(sorted(records), again.records, `what we write, seed ${seed}: ${again.output}`)
  }
})

/** Where only one of the two refuses a file: what that one says, and why it is as we want it. */
const ONE_REFUSES: readonly { readonly says: RegExp; readonly reason: string }[] = [
  {
    says: /no address records|has no NS|at top of zone|and other data|of singleton type/,
    reason: 'BIND checks the zone as a whole',
  },
  {
    says: /zone:\d+: near '[0-9A-Fa-f]+': extra input text/,
    reason: 'BIND knows how long each digest is; CoreDNS takes any',
  },
  { says: /near eol: FORMERR/, reason: 'BIND wants a type in NSEC; CoreDNS takes none' },
  { says: /near '\d+': FORMERR/, reason: 'BIND wants no flags in RKEY; CoreDNS takes any' },
  {
    says: /near eol: unexpected end of input/,
    reason: 'KEY and IPSECKEY may be without a key (RFC 2535, RFC 4025)',
  },
  {
    says: /(near '.*'|zone:\d+): (syntax error|out of range)/,
    reason: 'X25, URI and CAA of other characters, or without quotes, as in CoreDNS',
  },
  {
    says: /unknown RR type '\$'/,
    reason: 'BIND fills in the number of $GENERATE in names and data only',
  },
  {
    says: /^zone:\d+:\d+: .* is not a decimal number$/,
    reason: 'GPOS is made of decimal numbers (RFC 1712), as CoreDNS checks',
  },
  {
    says: /^zone:\d+:\d+: \d+ is not a record type$/,
    reason: 'BIND takes the bare number of a covered type; CoreDNS wants TYPEn',
  },
]

/** BIND gives all records of a set the TTL of the first. */
const withoutTtls = (records: readonly string[]): string[] =>
  [...new Set(records.map(record => record.replace(/ \d+ /, ' ')))].sort()

test(`${BIND} refuses what we refuse, in ${3 * FILES} spoiled zone files`, {
  skip: without(BIND),
  timeout: 600_000,
}, t => {
  const folder = temporaryFolder(t)
  const counts = { taken: 0, refused: 0 }
  for (let seed = 1; seed <= 3 * FILES; seed++) {
    const below = seeded(seed)
    const text = spoiled(below, zoneText(below, { types: TYPES, records: 4 }))
    const { records, problems } = parse(text)
    const bind = compile(folder, text)
    const isTaken = problems.length === 0
    if (isTaken && bind.records !== undefined)
      assert.deepEqual(withoutTtls(sorted(records)), withoutTtls(bind.records), `seed ${seed}`)
    if (isTaken === (bind.records !== undefined)) counts[isTaken ? 'taken' : 'refused']++
    else {
      const said = isTaken ? bind.output : problems.join('\n')
      assert.ok(
        ONE_REFUSES.some(({ says }) => says.test(said)),
        `seed ${seed}: only one refuses:\n${said}\n${text}`,
      )
    }
  }
  assert.ok(counts.taken > FILES / 2 && counts.refused > FILES, JSON.stringify(counts))
})

const KNOT = 'kzonecheck'
/** Types that Knot DNS 3.2 knows only in the form of RFC 3597. */
const NOT_OF_KNOT = new Set(
  'MD MF MB MG MR X25 ISDN NSAP-PTR SIG PX GPOS NXT EID NIMLOC HIP NINFO RKEY TALINK UINFO UID GID AVC AMTRELAY RESINFO TA DLV'.split(
    ' ',
  ),
)

test(`${KNOT} takes what we write, of ${FILES} zone files`, {
  skip: without(KNOT),
  timeout: 600_000,
}, t => {
  const zone = join(temporaryFolder(t), 'zone')
  const types = Object.keys(DATA).filter(
    type => !NOT_OF_KNOT.has(type) && !/^(NS|CNAME|DNAME|RRSIG|NSEC|DS)/.test(type),
  )
  for (let seed = 1; seed <= FILES; seed++) {
    const { records } = parse(zoneText(seeded(seed), { types, records: RECORDS }))
    // Knot takes no dollar in a name without an escape; miekg/dns writes it so, and we.
    const lines = records.map(recordText).filter(line => !line.includes('$'))
    writeFileSync(zone, `${lines.join('\n')}\n`)
    const run = spawnSync(KNOT, ['-o', 'example.org', zone], { timeout: 20_000, encoding: 'utf8' })
    assert.equal(run.status, 0, `seed ${seed}: ${run.stdout}${run.stderr}`)
  }
})
