// Zone files against programs that others wrote: BIND's named-compilezone takes and refuses the same files and
// finds the same records in them, and what we write it reads back the same. The files are made of seeded
// random numbers: 100 here, 1,000 in the thorough form.

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { foldName, nameFromText, nameToText } from '../src/wire/name.ts'
import { seeded } from '../src/wire/raw-message.cases.ts'
import { classToText, typeToText } from '../src/wire/rrtypes.ts'
import { MasterFileParser } from '../src/zone/master-file.ts'
import { recordText, type ZoneRecord } from '../src/zone/record-text.ts'
import { problemText } from '../src/zone/zone-problem.ts'
import { DATA, spoiled, zoneText } from '../src/zone/zone-text.cases.ts'
import { isThorough } from './support/effort.ts'
import { temporaryFolder, without } from './support/server-process.ts'

const FILES = isThorough ? 1000 : 100
const RECORDS = 40
const ORIGIN = nameFromText('example.org') ?? new Uint8Array(1)
const BIND = 'named-compilezone'
/** The checks that look at more than one record, or at what names mean, are not the parser's. */
const LAX = ['-i', 'none', '-k', 'ignore', '-m', 'ignore', '-M', 'ignore', '-n', 'ignore', '-r', 'ignore', '-S', 'ignore', '-W', 'ignore']

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
    const [cls, type, ttlSeconds, count] = [view.getUint16(at + 4), view.getUint16(at + 6), view.getUint32(at + 10), view.getUint32(at + 14)]
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
  const run = spawnSync(BIND, [...LAX, '-F', 'raw=1', '-o', out, 'example.org', zone], { timeout: 20_000, encoding: 'utf8', cwd: folder })
  const output = run.stdout + run.stderr
  assert.notEqual(run.status, null, `${BIND} did not end: ${output}`)
  return { records: run.status === 0 ? sorted(fromRaw(readFileSync(out))) : undefined, output }
}

test(`${BIND} finds the records that we find, in ${FILES} zone files`, { skip: without(BIND), timeout: 600_000 }, t => {
  const folder = temporaryFolder(t)
  for (let seed = 1; seed <= FILES; seed++) {
    const text = zoneText(seeded(seed), { types: TYPES, records: RECORDS })
    const { records, problems } = parse(text)
    const bind = compile(folder, text)
    assert.deepEqual({ problems, records: sorted(records) }, { problems: [], records: bind.records }, `seed ${seed}: ${bind.output}`)
    const again = compile(folder, `${records.map(recordText).join('\n')}\n`)
    assert.deepEqual(sorted(records), again.records, `what we write, seed ${seed}: ${again.output}`)
  }
})
