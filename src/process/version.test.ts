import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { hasProgram, temporaryFolder } from '../../test/support/server-process.ts'
import { revision } from './version.ts'

const withoutGit = hasProgram('git') ? false : 'git is not installed'

const git = (folder: string, ...args: string[]): string => {
  const settings = [
    '-c',
    'user.name=a',
    '-c',
    'user.email=a@example.org',
    '-c',
    'commit.gpgsign=false',
  ]
  return execFileSync('git', [...settings, ...args], { cwd: folder, encoding: 'utf8' }).trim()
}

const states: { rule: string; make: (folder: string) => string }[] = [
  { rule: 'on a branch', make: folder => folder },
  {
    rule: 'on a branch whose hash is packed',
    make(folder) {
      git(folder, 'pack-refs', '--all')
      return folder
    },
  },
  {
    rule: 'on no branch',
    make(folder) {
      git(folder, 'checkout', '-q', '--detach')
      return folder
    },
  },
  {
    rule: 'in a worktree',
    make(folder) {
      git(folder, 'worktree', 'add', '-q', '-b', 'of/it', 'tree')
      git(join(folder, 'tree'), 'commit', '-q', '--allow-empty', '-m', 'more')
      return join(folder, 'tree')
    },
  },
]
for (const { rule, make } of states)
  test(`the revision of a checkout ${rule} is git's`, { skip: withoutGit }, t => {
    const folder = temporaryFolder(t)
    git(folder, 'init', '-q')
    git(folder, 'commit', '-q', '--allow-empty', '-m', 'first')
    const place = make(folder)
    assert.equal(revision(place), git(place, 'rev-parse', '--short=7', 'HEAD'))
  })

test('the revision of what is no checkout, and of one that says nothing', t => {
  const folder = temporaryFolder(t)
  assert.equal(revision(folder), 'release')
  mkdirSync(join(folder, '.git'))
  assert.equal(revision(folder), 'unknown')
  writeFileSync(join(folder, '.git/HEAD'), 'ref: refs/heads/main\n')
  assert.equal(revision(folder), 'unknown')
})
