// The errors of directives that limit listeners which are not plain DNS: in CoreDNS's words, and
// the same for all of them.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { AnyPlugin } from '../../src/chain/plugin/plugin.ts'
import { parseError } from './plugin-harness.ts'

export interface Limits {
  readonly names: readonly string[]
  /** The least value that each takes. */
  readonly least: 0 | 1
}

export const blockOf = (name: string, ...lines: readonly string[]): string =>
  `${name} {\n${lines.join('\n')}\n}`

export const refusesAsCoreDns = (plugin: AnyPlugin, { names, least }: Limits): void => {
  const kind = least === 0 ? 'a non-negative integer' : 'a positive integer'
  const wrongCount = (token: string): string =>
    `Wrong argument count or unexpected line ending after '${token}'`
  const block = (...lines: readonly string[]): string => blockOf(plugin.name, ...lines)
  const refuses = (name: string, text: string, line: number, message: string): void => {
    const whole = `Corefile:${line} - Error during parsing: ${message}`
    test(`${plugin.name} refuses ${name}`, () => assert.equal(parseError(plugin, text), whole))
  }
  refuses('an argument', `${plugin.name} x`, 2, wrongCount('x'))
  refuses('an unknown option', block('nope 1'), 3, `unknown property 'nope'`)
  for (const name of names) {
    refuses(`${name} without a number`, block(name), 3, wrongCount(name))
    refuses(`${name} with two`, block(`${name} 1 2`), 3, wrongCount('2'))
    refuses(
      `${name} with a word`,
      block(`${name} x`),
      3,
      `invalid ${name} value 'x': strconv.Atoi: parsing "x": invalid syntax`,
    )
    refuses(
      `${name} that is too low`,
      block(`${name} ${least - 1}`),
      3,
      `${name} must be ${kind}: ${least - 1}`,
    )
    refuses(
      `${name} twice`,
      block(`${name} 1`, `${name} 2`),
      4,
      `${name} already defined for this server block`,
    )
  }
}
