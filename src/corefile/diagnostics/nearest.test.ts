import assert from 'node:assert/strict'
import { test } from 'node:test'
import { DIRECTIVES } from '../order.ts'
import { nearest } from './nearest.ts'

const cases: { rule: string; word: string; meant: string | undefined }[] = [
  { rule: 'swapped letters', word: 'cahce', meant: 'cache' },
  { rule: 'a missing letter', word: 'forwrd', meant: 'forward' },
  { rule: 'a letter too many', word: 'logg', meant: 'log' },
  { rule: 'a wrong letter', word: 'lok', meant: 'log' },
  { rule: 'upper case', word: 'Kubernetes', meant: 'kubernetes' },
  { rule: 'two slips in a long word', word: 'loadbalnace', meant: 'loadbalance' },
  { rule: 'nothing near', word: 'proxy', meant: undefined },
  { rule: 'one letter is too short to tell', word: 'x', meant: undefined },
  { rule: 'nothing is near the empty word', word: '', meant: undefined },
  { rule: 'a very long word is not compared', word: 'a'.repeat(1_000_000), meant: undefined },
]

for (const { rule, word, meant } of cases)
  test(`nearest: ${rule}`, () => assert.equal(nearest(word, DIRECTIVES), meant))
