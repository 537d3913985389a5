import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { suite, test } from 'node:test'

const MODULE = new URL('./compilers.ts', import.meta.url).href
const OLD = '12.4.254.21-node.26'
const NEW = '14.6.202.34-node.34'

/** V8 tells its flags by the tag of the code that it would keep under them. */
const tagsOf = (statements: string, flags: readonly string[] = []): readonly number[] => {
  const program = `
    import { cachedDataVersionTag } from 'node:v8'
    import { asAtStart, freeCompiledSoon } from ${JSON.stringify(MODULE)}
    const tags = []
    const look = () => void tags.push(cachedDataVersionTag())
    ${statements}
    process.stdout.write(JSON.stringify(tags))`
  const args = [...flags, '--input-type=module', '--eval', program]
  const { stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' })
  assert.equal(stderr, '')
  return JSON.parse(stdout) as number[]
}

const skip = Number.parseInt(process.versions.v8, 10) < 14 && 'a V8 that may not know the flag'

suite("V8's flag", { skip }, () => {
  const tagUnder = (...flags: string[]): number => tagsOf('look()', flags)[0] ?? Number.NaN
  const cases = [
    { name: 'is set', statements: `freeCompiledSoon('${NEW}'); look()`, expected: ['set'] },
    {
      name: 'is not set in a V8 that may not know it',
      statements: `freeCompiledSoon('${OLD}'); look()`,
      expected: ['away'],
    },
    {
      name: 'is away while code is written, and comes back',
      statements: `freeCompiledSoon('${NEW}'); asAtStart(look, '${NEW}'); look()`,
      expected: ['away', 'set'],
    },
    {
      name: 'does not come by that',
      statements: `asAtStart(look, '${NEW}'); look()`,
      expected: ['away', 'away'],
    },
    {
      name: 'is left alone by that in an older V8',
      statements: `asAtStart(look, '${OLD}'); look()`,
      expected: ['away', 'away'],
    },
  ]
  for (const { name, statements, expected } of cases)
    test(name, () => {
      const [set, away] = [tagUnder('--no-maglev-destroy-on-background'), tagUnder()]
      assert.notEqual(set, away)
      const found = tagsOf(statements).map(tag =>
        tag === set ? 'set' : tag === away ? 'away' : '',
      )
      assert.deepEqual(found, expected)
    })
})
