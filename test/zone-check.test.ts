// `shardns check` as a judge of zone files, beside named-checkzone and kzonecheck: of generated
// zones all three take and refuse the same ones. 100 files here, 1,000 in the thorough form.

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { check } from '../src/commands/check.ts'
import { seeded } from './fakes/raw-message.ts'
import { shapedZone } from './fakes/zone-shape.ts'
import { isThorough } from './support/effort.ts'
import { temporaryFolder, without } from './support/server-process.ts'

const FILES = isThorough ? 1000 : 100
const ORIGIN = 'example.org'
const LEAST_LINES = 4

type Below = (below: number) => number

const pick = <T>(below: Below, list: readonly T[]): T => list[below(list.length)] as T

/** What nobody takes, wherever it stands; the entries are those of a hurried hand. */
const FAULTS: readonly string[] = [
  'broken NOPE 192.0.2.1',
  'broken A 192.0.2.300',
  'broken A 192.0.2',
  'broken AAAA 2001:db8::g',
  'broken AAAA 2001:db8:::1',
  'broken MX mail',
  'broken MX 70000 mail',
  'broken SRV 1 2 mail',
  'broken CNAME',
  'broken CNAME a b',
  `${'a'.repeat(64)} A 192.0.2.1`,
  'broken..name A 192.0.2.1',
  '$TTL soon',
  '$ORIGIN a..b',
  '$NOPE x',
  'broken TXT "open',
  'broken A ( 192.0.2.1',
  'broken 12345678901 A 192.0.2.1',
  'broken DS 1 13 2 xyz',
]

interface Verdict {
  readonly isTaken: boolean
  readonly output: string
}

const run = (program: string, args: readonly string[]): Verdict => {
  const { status, stdout, stderr } = spawnSync(program, args, {
    timeout: 20_000,
    encoding: 'utf8',
  })
  assert.notEqual(status, null, `${program} did not end`)
  return { isTaken: status === 0, output: stdout + stderr }
}

const JUDGES: readonly { readonly program: string; readonly args: (zone: string) => string[] }[] = [
  { program: 'named-checkzone', args: zone => ['-i', 'none', '-k', 'ignore', ORIGIN, zone] },
  { program: 'kzonecheck', args: zone => ['-o', ORIGIN, zone] },
]

/** The verdict, and the lines of the zone file that errors are shown at. */
const ourVerdict = async (
  corefile: string,
  zone: string,
): Promise<Verdict & { readonly lines: readonly number[] }> => {
  let output = ''
  const options = { format: 'json', strict: false, elsewhere: false }
  const status = await check([corefile], options, {
    out: text => {
      output += text
    },
    stdin: () => '',
  })
  const [{ diagnostics }] = JSON.parse(output) as [
    { diagnostics: { severity: string; file?: string; line?: number }[] },
  ]
  const lines = diagnostics.flatMap(({ file, line }) => (file === zone ? (line ?? []) : []))
  return { isTaken: status === 0, output, lines }
}

for (const { program, args } of JUDGES)
  test(`${program} and check are of one mind about ${FILES} zones`, {
    skip: without(program),
    timeout: 300_000,
  }, async t => {
    const folder = temporaryFolder(t)
    const [zone, corefile] = [join(folder, 'db'), join(folder, 'Corefile')]
    writeFileSync(corefile, `${ORIGIN} {\n file ${zone}\n}\n`)
    for (let seed = 1; seed <= FILES; seed++) {
      const below = seeded(seed)
      const lines = shapedZone(below, { names: 5 + below(60) })
        .text.trimEnd()
        .split('\n')
      const isBad = seed % 2 === 0
      const at = LEAST_LINES + below(lines.length - LEAST_LINES)
      if (isBad) lines.splice(at, 0, pick(below, FAULTS))
      writeFileSync(zone, `${lines.join('\n')}\n`)
      const [ours, theirs] = [await ourVerdict(corefile, zone), run(program, args(zone))]
      assert.deepEqual(
        { ours: ours.isTaken, theirs: theirs.isTaken },
        { ours: !isBad, theirs: !isBad },
        `zone ${seed}, ${lines[at]}:\n${ours.output}\n${theirs.output}`,
      )
      // What is never closed is told of where it begins, or where the file ends.
      if (isBad)
        assert.ok(ours.lines.includes(at + 1), `${lines[at]}: line ${at + 1}: ${ours.output}`)
    }
  })
