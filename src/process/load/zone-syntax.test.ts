import assert from 'node:assert/strict'
import { test } from 'node:test'
import { zoneSyntaxWarning } from './zone-syntax.ts'

for (const zone of [
  '.',
  'org.',
  'example.org.',
  'EXAMPLE.org.',
  'a-b.c1.org.',
  '10.in-addr.arpa.',
  '0.1.ip6.arpa.',
  'in-addr.arpa.',
])
  test(`${zone} is preferred syntax`, () => assert.equal(zoneSyntaxWarning(zone), undefined))

for (const zone of [
  '_foo.',
  '1.example.com.',
  'a-.org.',
  '-a.org.',
  'a_b.org.',
  'a,b.org.',
  'foo://example.org.',
  'notin-addr.arpa.x1-.',
])
  test(`${zone} is not`, () =>
    assert.equal(
      zoneSyntaxWarning(zone),
      `Domain "${zone}" does not follow RFC1035 preferred syntax`,
    ))
