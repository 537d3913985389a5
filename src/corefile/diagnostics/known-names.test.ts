import assert from 'node:assert/strict'
import { test } from 'node:test'
import { DIRECTIVES } from '../order.ts'
import {
  EXTERNAL_PLUGINS,
  OPTION_OWNERS,
  RETIRED_DIRECTIVES,
  RETIRED_OPTIONS,
} from './known-names.ts'

test('no directive of CoreDNS is called external or retired', () => {
  const names = [...EXTERNAL_PLUGINS.keys(), ...RETIRED_DIRECTIVES.keys()]
  assert.deepEqual(
    names.filter(name => DIRECTIVES.includes(name)),
    [],
  )
  assert.equal(new Set(names).size, names.length)
})

test('retired options and options that have lost their plugin are those of directives', () => {
  const owners = [...OPTION_OWNERS.values()].flatMap(names => names.split(/, | and /))
  const retired = [...RETIRED_OPTIONS.keys()].map(key => key.split(' ')[0] ?? '')
  assert.deepEqual(
    [...owners, ...retired].filter(name => !DIRECTIVES.includes(name)),
    [],
  )
})

test('no option that stands alone is a directive', () =>
  assert.deepEqual(
    [...OPTION_OWNERS.keys()].filter(name => DIRECTIVES.includes(name)),
    [],
  ))
