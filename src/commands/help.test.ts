import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { OptionFacts } from '../corefile/options/option-rows.ts'
import { loadPlugin, PLUGIN_NAMES } from '../plugins/index.ts'
import { VERBS } from './about.ts'
import { optionsText } from './help.ts'
import { run } from './run.ts'

const help = async (...argv: string[]) => {
  const seen = { code: 0, out: '', err: '' }
  seen.code = await run(['help', ...argv], {
    out: text => void (seen.out += text),
    err: text => void (seen.err += text),
    serve: () => assert.fail('serves'),
    stdin: () => assert.fail('reads'),
  })
  return seen
}

test('help lists commands and plugins, each with what it does', async () => {
  const { code, out, err } = await help()
  assert.deepEqual({ code, err }, { code: 0, err: '' })
  for (const { syntax, does } of VERBS.values())
    assert.match(
      out,
      new RegExp(`^  ${RegExp.escape(`shardns ${syntax}`)} +${RegExp.escape(does)}$`, 'm'),
    )
  for (const name of PLUGIN_NAMES) assert.match(out, new RegExp(`^  ${name} +\\S.*$`, 'm'))
})

test('help help: there is no more to say', async () =>
  assert.deepEqual(await help('help'), await help()))

for (const [verb, { syntax, does, flags }] of VERBS)
  if (flags !== undefined && flags.length > 0)
    test(`help ${verb}: how it is called, what it does, and its flags`, async () => {
      const { code, out, err } = await help(verb)
      assert.deepEqual({ code, err }, { code: 0, err: '' })
      assert.ok(out.startsWith(`Usage: shardns ${syntax} [flags]\n\n${does}\n`))
      assert.match(out, /\n\nFlags:\n/)
      for (const { name, does: sets } of flags)
        assert.match(out, new RegExp(`^  .*--${name} +${RegExp.escape(sets)}$`, 'm'))
    })

for (const name of PLUGIN_NAMES)
  test(`help ${name}: every option with what it does, then the manual page`, async () => {
    const { code, out, err } = await help(name)
    assert.deepEqual({ code, err }, { code: 0, err: '' })
    const [table = '', page = ''] = out.split(`\n# ${name}\n`)
    assert.match(page, /^\n## Name\n/)
    assert.ok(table.startsWith(`${name}:\n`))
    const { options } = await loadPlugin(name)
    for (const { syntax } of options?.facts ?? [])
      assert.ok(table.includes(`\n  ${syntax}`), syntax)
    assert.ok(table.split('\n').every(line => line.length <= 100))
  })

const refused = [
  { words: ['cahce'], err: "no plugin or command is named 'cahce'\ndid you mean 'cache'?\n" },
  { words: ['chek'], err: "no plugin or command is named 'chek'\ndid you mean 'check'?\n" },
  { words: ['nothing-like-it'], err: "no plugin or command is named 'nothing-like-it'\n" },
  { words: ['../cache'], err: "no plugin or command is named '../cache'\n" },
  {
    words: ['trace'],
    err: "directive 'trace' is known to CoreDNS but not supported by shardns yet\n",
  },
  { words: ['cache', 'hosts'], err: 'extra command line arguments: [hosts]\n' },
  { words: ['serve', 'x'], err: 'extra command line arguments: [x]\n' },
  { words: ['version', '-x'], code: 2, err: 'flag provided but not defined: -x\n' },
  { words: ['check', 'x'], err: 'extra command line arguments: [x]\n' },
  { words: ['cache', '-x'], code: 2, err: 'flag provided but not defined: -x\n' },
  { words: ['cache', '--x=1'], code: 2, err: 'flag provided but not defined: -x\n' },
  { words: ['check', '-x'], code: 2, err: 'flag provided but not defined: -x\n' },
]
for (const { words, code = 1, err } of refused)
  test(`help ${words.join(' ')}: refused`, async () =>
    assert.deepEqual(await help(...words), { code, out: '', err }))

const facts = (name: string, more: Partial<OptionFacts> = {}): OptionFacts => ({
  name,
  syntax: name,
  place: 'option',
  default: '',
  range: '',
  addsUp: false,
  does: 'does it',
  support: 'yes',
  ...more,
})

const tables = [
  { rule: 'nothing', given: [], text: 'no options\n' },
  {
    rule: 'names in a column',
    given: [facts('a'), facts('bcd')],
    text: '  a    does it\n  bcd  does it\n',
  },
  {
    rule: 'bounds, repetition, default and refusal',
    given: [
      facts('a', { range: '1 to 2', default: '1' }),
      facts('b', { addsUp: true }),
      facts('c', { support: 'refused' }),
    ],
    text: '  a  does it (1 to 2; default: 1)\n  b  does it (may be repeated)\n  c  does it (not supported yet)\n',
  },
  {
    rule: 'a long name has a line of its own',
    given: [facts('a'), facts('b'.repeat(35))],
    text: `  a  does it\n  ${'b'.repeat(35)}\n     does it\n`,
  },
  {
    rule: 'a long text goes on below itself',
    given: [facts('a', { does: `${'x'.repeat(60)} ${'y'.repeat(60)}` })],
    text: `  a  ${'x'.repeat(60)}\n     ${'y'.repeat(60)}\n`,
  },
]
for (const { rule, given, text } of tables)
  test(`the table of options: ${rule}`, () => assert.equal(optionsText(given), text))
