import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { hasProgram, temporaryFolder } from '../../test/support/server-process.ts'
import { PLUGIN_NAMES } from '../plugins/index.ts'
import { VERBS } from './about.ts'
import { run } from './run.ts'

const completion = async (...argv: string[]) => {
  const seen = { code: 0, out: '', err: '' }
  seen.code = await run(['completion', ...argv], {
    out: text => void (seen.out += text),
    err: text => void (seen.err += text),
    serve: () => assert.fail('serves'),
    stdin: () => assert.fail('reads'),
  })
  return seen
}

const scriptFor = async (shell: string): Promise<string> => {
  const { code, out, err } = await completion(shell)
  assert.deepEqual({ code, err }, { code: 0, err: '' })
  return out
}

const without = (shell: string) => (hasProgram(shell) ? false : `${shell} is not installed`)

for (const shell of ['bash', 'zsh', 'fish']) {
  test(`${shell} finds no fault with its script`, { skip: without(shell) }, async t => {
    const path = join(temporaryFolder(t), 'script')
    writeFileSync(path, await scriptFor(shell))
    const { status, stderr } = spawnSync(shell, ['-n', path], { encoding: 'utf8' })
    assert.deepEqual({ status, stderr }, { status: 0, stderr: '' })
  })

  test(`the script for ${shell} has every verb, flag and plugin`, async () => {
    const script = await scriptFor(shell)
    const flags = ['conf', 'dns.port', 'workers', 'engine', 'strict', 'elsewhere', 'write', 'json']
    const words = [...VERBS.keys(), ...flags, ...PLUGIN_NAMES, 'mmsg', 'kernel']
    for (const word of words)
      assert.match(script, new RegExp(`(?<![\\w-])(?:--)?${RegExp.escape(word)}(?![\\w-])`), word)
    assert.doesNotMatch(script, /windows-service/)
  })
}

const VERB_NAMES = [...VERBS.keys()]

/** The last word is the one that is being typed. */
const typed: { words: string[]; offered: readonly string[] }[] = [
  { words: [''], offered: VERB_NAMES },
  { words: ['c'], offered: ['check', 'completion'] },
  { words: ['--w'], offered: ['--workers'] },
  { words: ['-w'], offered: ['-workers'] },
  { words: ['-dns'], offered: ['-dns.port'] },
  { words: ['serve', '--ca'], offered: ['--cache-bytes'] },
  { words: ['-quiet', '--pid'], offered: ['--pidfile'] },
  { words: ['--engine', ''], offered: ['auto', 'mmsg', 'dgram'] },
  { words: ['-p', ''], offered: [] },
  { words: ['-conf', ''], offered: [] },
  { words: ['check', '--s'], offered: ['--strict'] },
  { words: ['check', '--format', 'j'], offered: ['json'] },
  { words: ['check', 'C'], offered: [] },
  { words: ['fmt', '--'], offered: ['--write', '--check', '--help'] },
  { words: ['help', 'forw'], offered: ['forward'] },
  { words: ['help', 'fm'], offered: ['fmt'] },
  { words: ['completion', ''], offered: ['bash', 'zsh', 'fish'] },
  { words: ['version', '--'], offered: ['--json', '--help'] },
  { words: ['version', ''], offered: [] },
]
for (const { words, offered } of typed)
  test(`bash completes: shardns ${words.join(' ')}`, { skip: without('bash') }, async () => {
    const call = `
COMP_WORDS=(shardns "$@")
COMP_CWORD=$#
_shardns
printf '%s\\n' "\${COMPREPLY[@]}"`
    const { stdout, stderr } = spawnSync(
      'bash',
      ['-c', (await scriptFor('bash')) + call, 'bash', ...words],
      { encoding: 'utf8' },
    )
    assert.equal(stderr, '')
    assert.deepEqual(stdout.split('\n').filter(Boolean), offered)
  })

const refused = [
  { argv: [], err: 'no shell is named: there is one for bash, zsh, fish\n' },
  {
    argv: ['basch'],
    err: "no completion for 'basch': there is one for bash, zsh, fish\ndid you mean 'bash'?\n",
  },
  {
    argv: ['constructor'],
    err: "no completion for 'constructor': there is one for bash, zsh, fish\n",
  },
  { argv: ['bash', 'x'], err: 'extra command line arguments: [x]\n' },
]
for (const { argv, err } of refused)
  test(`completion ${argv.join(' ')}: refused`, async () =>
    assert.deepEqual(await completion(...argv), { code: 1, out: '', err }))
