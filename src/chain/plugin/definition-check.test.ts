import assert from 'node:assert/strict'
import { test } from 'node:test'
import { noOptions } from '../../corefile/options/option-table.ts'
import { definitionMisfit } from './definition-check.ts'

const serve = () => undefined

for (const [name, definition] of [
  ['a serve half alone', { serve }],
  ['a control half alone', { control: serve }],
  ['all there is', { ...{ description: 'x', options: noOptions('once') }, serve, control: serve }],
  ['a reader of its own', { parse: serve, hasOptionsByArgument: true, inspect: serve, serve }],
  [
    'facts',
    { facts: { setsUp: 'first', allClasses: true, selects: true, changing: serve }, serve },
  ],
  ['what is undefined', { options: undefined, serve }],
] as const)
  test(`a definition: ${name}`, () => assert.equal(definitionMisfit(definition), undefined))

for (const [definition, misfit] of [
  [undefined, 'the definition is undefined, and no object'],
  [serve, 'the definition is a function, and no object'],
  [[serve], 'the definition is a list, and no object'],
  [{}, "it has neither 'serve' nor 'control'"],
  [{ sevre: serve }, "'sevre' is no field of it: did you mean 'serve'?"],
  [{ serve, xyzzy: 1 }, "'xyzzy' is no field of it"],
  [{ serve: 1 }, "'serve' is 1, and no function"],
  [{ serve, control: {} }, "'control' is an object, and no function"],
  [{ serve, inspect: 'x' }, "'inspect' is 'x', and no function"],
  [{ serve, description: 5 }, "'description' is 5, and no string"],
  [
    { serve, options: { greeting: 'hello' } },
    "'options' is no table: optionTable of shardns/options makes one",
  ],
  [{ serve, options: null }, "'options' is no table: optionTable of shardns/options makes one"],
  [
    { serve, options: noOptions('once'), parse: serve },
    "'options' and 'parse' both read the directive: leave one out",
  ],
  [
    { serve, hasOptionsByArgument: false },
    "'hasOptionsByArgument' is false: it is true, or absent",
  ],
  [{ serve, facts: 5 }, "'facts' is 5, and no object"],
  [
    { serve, facts: { setsUp: 'last' } },
    "'facts' has a wrong field: 'setsUp' is 'last': it is 'first', or absent",
  ],
  [
    { serve, facts: { changin: serve } },
    "'facts' has a wrong field: 'changin' is no field of it: did you mean 'changing'?",
  ],
] as const)
  test(`no definition: ${misfit}`, () => assert.equal(definitionMisfit(definition), misfit))
