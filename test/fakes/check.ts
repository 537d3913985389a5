// What tests of `check` share: a folder of files, and what is found in a Corefile in it, as tools
// read it.

import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { type CheckOptions, check } from '../../src/commands/check.ts'

export interface Shown {
  readonly severity: string
  readonly code: string
  readonly message: string
  readonly file?: string
  readonly line?: number
  readonly column?: number
  readonly length?: number
  readonly hint?: string
  readonly related?: { readonly message: string; readonly line: number; readonly column: number }
}

/** Path of a new folder with these files. */
export const folderWith = (
  t: TestContext,
  files: Readonly<Record<string, string>> = {},
): string => {
  const folder = mkdtempSync(join(tmpdir(), 'shardns-check-'))
  t.after(() => rmSync(folder, { recursive: true }))
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text)
  return folder
}

/** Diagnostics of a Corefile, with `@` for the folder, in the text as in messages and places. */
export const diagnosticsOf = async (
  t: TestContext,
  text: string,
  files: Readonly<Record<string, string>> = {},
  options: Partial<CheckOptions> = {},
): Promise<Shown[]> => {
  const folder = folderWith(t, files)
  const written = text.replaceAll('@', folder)
  writeFileSync(join(folder, 'Corefile'), written)
  let out = ''
  const world = {
    out: (part: string) => void (out += part),
    stdin: () => assert.fail('reads standard input'),
  }
  await check(
    [join(folder, 'Corefile')],
    { format: 'json', strict: false, elsewhere: false, ...options },
    world,
  )
  const [report] = JSON.parse(
    out.replaceAll(`${folder}/Corefile`, 'Corefile').replaceAll(folder, '@'),
  )
  return report.diagnostics.map((shown: Shown) => inShortText(shown, written.split('\n'), folder))
}

const inShortText = (shown: Shown, lines: readonly string[], folder: string): Shown => {
  const { file, line, column = 1, length = 0 } = shown
  if (line === undefined || file !== 'Corefile') return shown
  const shorten = (from: number, to: number): number =>
    (lines[line - 1] ?? '').slice(from, to).replaceAll(folder, '@').length
  return {
    ...shown,
    column: shorten(0, column - 1) + 1,
    length: shorten(column - 1, column - 1 + length),
  }
}

/** `LINE:COLUMN+LENGTH message`, then `| hint`, then `| related`, as far as there are. */
export const shownBriefly = ({ line, column, length, message, hint, related }: Shown): string =>
  [
    `${line === undefined ? '' : `${line}:${column}+${length} `}${message}`,
    ...(hint === undefined ? [] : [hint]),
    ...(related === undefined ? [] : [`${related.line}:${related.column} ${related.message}`]),
  ].join(' | ')
