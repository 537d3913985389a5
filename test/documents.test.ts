// READMEs and docs say what is so: sections, examples that load, tables that name everything there
// is, links that lead somewhere.

import assert from 'node:assert/strict'
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { wrapMarkdown } from '../bench/report/wrap.ts'
import { check } from '../src/commands/check.ts'
import { OPTION_OWNERS } from '../src/corefile/diagnostics/known-names.ts'
import type { OptionFacts } from '../src/corefile/options/option-rows.ts'
import { DIRECTIVES } from '../src/corefile/order.ts'
import { loadPlugin, PLUGIN_NAMES } from '../src/plugins/index.ts'
import { inspectCorefile } from '../src/process/load/load.ts'
import { ROOT, readRepositoryFile, repositoryPaths, sourceFiles } from './support/source-files.ts'

const SECTIONS = ['Name', 'Description', 'Syntax', 'Examples', 'Differences from CoreDNS']

for (const name of PLUGIN_NAMES) {
  const readme = (): string => readRepositoryFile(`src/plugins/${name}/README.md`)

  test(`plugins/${name}/README.md has its sections, in order`, () => {
    const sections = [...readme().matchAll(/^## (.+)$/gm)].map(match => match[1] ?? '')
    assert.deepEqual(
      sections.filter(section => SECTIONS.includes(section)),
      SECTIONS,
    )
    assert.match(readme(), new RegExp(`^# ${name}\n\n## Name\n\n\\*${name}\\* - `))
  })

  test(`plugins/${name}/README.md has an example with ${name}`, () => {
    const examples = [...readme().matchAll(/^```corefile\n([\s\S]*?)^```$/gm)].map(
      match => match[1] ?? '',
    )
    assert.ok(examples.some(text => new RegExp(`^\\s*${name}\\b`, 'm').test(text)))
  })
}

const documents = repositoryPaths('README.md', 'docs/**/*.md', 'src/plugins/*/README.md')

const corefiles = documents.flatMap(path =>
  [...readRepositoryFile(path).matchAll(/^ *```corefile\n([\s\S]*?)^ *```$/gm)].map(
    (match, index) => ({
      name: `${path}, Corefile ${index + 1}`,
      text: match[1] ?? '',
    }),
  ),
)
for (const c of corefiles)
  test(`loads without errors: ${c.name}`, async () => {
    const { errors } = await inspectCorefile(c.text, 'Corefile', { baseDir: ROOT, env: {} })
    assert.deepEqual(
      errors.map(error => error.message),
      [],
    )
  })

for (const path of documents)
  test(`links lead somewhere: ${path}`, () => {
    const links = [...readRepositoryFile(path).matchAll(/\]\((?!https?:|#)([^)#\s]+)/g)].map(
      match => match[1] ?? '',
    )
    assert.deepEqual(
      links.filter(link => !existsSync(join(ROOT, dirname(path), link))),
      [],
    )
  })

/** The anchors of a page's headings, as GitHub makes them. */
const anchorsOf = (path: string): Set<string> => {
  const text = readRepositoryFile(path).replaceAll(/^(?:```|~~~)[\s\S]*?^(?:```|~~~)$/gm, '')
  return new Set(
    [...text.matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) =>
      heading
        .toLowerCase()
        .replaceAll(/[^\w\- ]/g, '')
        .replaceAll(' ', '-'),
    ),
  )
}

test('links to a heading lead to one', () => {
  const dead = documents.flatMap(path =>
    [...readRepositoryFile(path).matchAll(/\]\((?!https?:)([^)#\s]*)#([^)\s]+)\)/g)]
      .filter(([, to = '', anchor = '']) => {
        const page = to === '' ? path : join(dirname(path), to)
        return documents.includes(page) && !anchorsOf(page).has(anchor)
      })
      .map(([link]) => `${path}: ${link}`),
  )
  assert.deepEqual(dead, [])
})

/** Lines that say something, each without what only makes it pretty. */
const codeLines = (text: string): string =>
  text
    .split('\n')
    .map(line => line.trim())
    .filter(line => line !== '' && !/^\/\/ \w+\.ts$/.test(line))
    .map(line => `${line}\n`)
    .join('')

for (const [path, least] of [
  ['docs/plugins.md', 10],
  ['docs/built-in-plugins.md', 4],
] as const)
  test(`code in ${path} stands in test/examples, which is type-checked and run`, () => {
    // There, paths are those of a plugin's folder.
    const examples = sourceFiles('test/examples').map(({ text }) =>
      codeLines(
        text
          .replaceAll(/'(?:\.\.\/)+src\//g, "'../../")
          .replaceAll(/'(?:\.\.\/)+support\//g, "'../../../test/support/"),
      ),
    )
    // A block with a file's name is of the tutorial, which test/tutorial.test.ts follows.
    const page = readRepositoryFile(path)
    const shown = [...page.matchAll(/^```ts\n([\s\S]*?)^```$/gm)].map(([, code = '']) => code)
    assert.ok(shown.length > least)
    assert.deepEqual(
      shown.filter(code => !examples.some(text => text.includes(codeLines(code)))),
      [],
    )
  })

/** Names in the first column of a table. */
const namesIn = (cell: string): string[] =>
  [...cell.matchAll(/`(\w+)`/g)].map(([, name = '']) => name)

test('docs/plugins.md says where things are', async () => {
  const entries: Record<string, string> = {
    '`shardns`': 'src/index.ts',
    '`shardns/options`': 'src/options.ts',
    '`shardns/wire`': 'src/wire.ts',
  }
  const rows = table('What is where', 'docs/plugins.md')
  const lost: string[] = []
  for (const [names = '', door = ''] of rows) {
    const path = entries[door] ?? assert.fail(door)
    const values = (await import(join(ROOT, path))) as object
    const text = readRepositoryFile(path)
    const isThere = (name: string): boolean =>
      Object.hasOwn(values, name) ||
      new RegExp(`^ .*\\b${name}\\b|\\{.*\\b${name}\\b`, 'm').test(text)
    lost.push(...namesIn(names).filter(name => !isThere(name)))
  }
  assert.ok(rows.length > 10)
  assert.deepEqual(lost, [])
})

test('docs/built-in-plugins.md says where things are', () => {
  const rows = table('What is where', 'docs/built-in-plugins.md')
  const lost = rows.flatMap(([names = '', file = '']) => {
    const path = /\]\(\.\.\/(.+)\)/.exec(file)?.[1] ?? assert.fail(file)
    const text = readRepositoryFile(path)
    return namesIn(names).filter(
      name => !new RegExp(`^export (?:\\w+|\\{[^}]*) ${name}\\b`, 'm').test(text),
    )
  })
  assert.ok(rows.length > 10)
  assert.deepEqual(lost, [])
})

/** Rows of the first table behind a heading of a document, without the head. */
const table = (heading: string, path = 'docs/compatibility.md'): string[][] => {
  const [, behind = ''] = readRepositoryFile(path).split(new RegExp(`^###? ${heading}\n`, 'm'))
  const rows = /(?:^\|.*\n)+/m.exec(behind)?.[0].trimEnd().split('\n') ?? []
  return rows.slice(2).map(row =>
    row
      .split('|')
      .slice(1, -1)
      .map(cell => cell.trim()),
  )
}

/** Of CoreDNS: a plugin of another name is on the order list, and has no row. */
const DIRECTIVES_OF_COREDNS = 60
const named = table('Directives').map(([name = '']) => name)

test('docs/compatibility.md names every directive of CoreDNS, in order', () => {
  assert.equal(named.length, DIRECTIVES_OF_COREDNS)
  assert.deepEqual(
    DIRECTIVES.filter(name => named.includes(name)),
    named,
  )
})

/** Plugins that serve a directive of CoreDNS. */
const compatible = PLUGIN_NAMES.filter(name => named.includes(name))

test('docs/compatibility.md says yes or partly of the plugins that serve, no of all others', () => {
  const supported = table('Directives').filter(([, answer]) => answer !== 'no')
  assert.deepEqual(
    supported.map(([name]) => name),
    compatible,
  )
  assert.ok(
    table('Directives').every(([, answer = '']) => ['yes', 'partly', 'no'].includes(answer)),
  )
})

/** Options in the order of their tables, by plugin. */
const optionFacts: ReadonlyMap<string, readonly OptionFacts[]> = new Map(
  (await Promise.all(PLUGIN_NAMES.map(name => loadPlugin(name)))).map(({ name, options }) => [
    name,
    options?.facts ?? assert.fail(`${name} has no table of options`),
  ]),
)

/** `ADDRESS|IFACE` is one place for two things. */
const namesOf = (facts: readonly OptionFacts[]): string[] =>
  facts.flatMap(({ name }) => name.split('|'))

const optionRows = table('Options of the supported directives').map(
  ([directive = '', options = '', answer = '']) => ({
    directive,
    options: options.split(/, */).filter(Boolean),
    answer,
  }),
)

test('docs/compatibility.md lists the options of each plugin that serves', () =>
  assert.deepEqual([...new Set(optionRows.map(({ directive }) => directive))], compatible))

for (const name of compatible) {
  const facts = optionFacts.get(name) ?? []
  const rows = optionRows.filter(({ directive }) => directive === name)

  test(`docs/compatibility.md has each option of ${name} once, and no other`, () =>
    assert.deepEqual(rows.flatMap(({ options }) => options).sort(), namesOf(facts).sort()))

  test(`docs/compatibility.md says no of what ${name} refuses, yes or partly of all else`, () => {
    const refused = facts.filter(({ support }) => support === 'refused')
    assert.deepEqual(
      rows.filter(({ answer }) => answer === 'no').flatMap(({ options }) => options),
      namesOf(refused),
    )
    assert.ok(rows.every(({ answer }) => ['yes', 'partly', 'no'].includes(answer)))
  })
}

for (const [name, facts] of optionFacts) {
  test(`plugins/${name}/README.md tells of each option that is supported`, () => {
    const page = readRepositoryFile(`src/plugins/${name}/README.md`)
    const syntax = page.split('\n## Syntax\n')[1]?.split('\n## Examples\n')[0] ?? ''
    assert.deepEqual(
      namesOf(facts.filter(({ support }) => support === 'yes')).filter(
        option => !new RegExp(`(?<![\\w-])${RegExp.escape(option)}(?![\\w-])`).test(syntax),
      ),
      [],
    )
  })

  test(`what is said of the options of ${name} is one line each, without a full stop`, () =>
    assert.deepEqual(
      facts.filter(({ does }) => !/^\S[^\n]*[^.\s]$/.test(does)).map(option => option.name),
      [],
    ))
}

test('an option that the hints know is one of the plugin that they name', () => {
  const hinted = [...OPTION_OWNERS].flatMap(([option, names]) =>
    names.split(/, | and /).map(name => ({ name, option })),
  )
  assert.deepEqual(
    hinted.filter(({ name, option }) => !namesOf(optionFacts.get(name) ?? []).includes(option)),
    [],
  )
})

test('docs/changelog.md describes the version in package.json', () => {
  const { version } = JSON.parse(readRepositoryFile('package.json')) as { version: string }
  assert.match(
    readRepositoryFile('docs/changelog.md'),
    new RegExp(`^## \\[${RegExp.escape(version)}\\](?: - \\d{4}-\\d\\d-\\d\\d)?$`, 'm'),
  )
})

test('docs/changelog.md has the form of Keep a Changelog', () => {
  const headings = [...readRepositoryFile('docs/changelog.md').matchAll(/^##+ (.+)$/gm)].map(
    ([, heading = '']) => heading,
  )
  assert.equal(headings[0], '[Unreleased]')
  assert.deepEqual(
    headings.filter(
      heading =>
        !/^\[(?:Unreleased|\d+\.\d+\.\d+(?:-rc\.\d+)?)\](?: - \d{4}-\d\d-\d\d)?$/.test(heading) &&
        !['Added', 'Changed', 'Deprecated', 'Removed', 'Fixed', 'Security'].includes(heading),
    ),
    [],
  )
})

test('README.md counts the plugins of CoreDNS that are there, and those that are not', () => {
  const readme = readRepositoryFile('README.md').replaceAll(/\s+/g, ' ')
  const missing = named.length - compatible.length
  assert.ok(readme.includes(`${compatible.length} of CoreDNS's ${named.length} plugins are there`))
  assert.ok(readme.includes(`${missing} directives of CoreDNS in all`))
})

test('README.md shows the Corefile that npm start serves', () => {
  const shown = /```corefile\n([\s\S]*?)```/.exec(readRepositoryFile('README.md'))?.[1] ?? ''
  const served = readRepositoryFile('Corefile').replaceAll(/^\s*(#.*)?\n/gm, '')
  assert.equal(shown, served)
})

test('README.md shows what check says of the Corefile that it shows', async () => {
  const page = readRepositoryFile('README.md')
  const recording = /^```console\n\$ cat Corefile\n([\s\S]*?)\$ npx shardns check\n([\s\S]*?)```$/m
  const [, text = '', shown = ''] = recording.exec(page) ?? assert.fail('no recording of check')
  const folder = mkdtempSync(join(tmpdir(), 'shardns-readme-'))
  try {
    const file = join(folder, 'Corefile')
    writeFileSync(file, text)
    let said = ''
    const world = { out: (piece: string) => void (said += piece), stdin: () => '' }
    // What the example names does not hang on the machine that the tests run on.
    await check([file], { format: 'text', strict: false, elsewhere: true }, world)
    assert.equal(said.replaceAll(file, 'Corefile'), shown)
  } finally {
    rmSync(folder, { recursive: true })
  }
})

test('README.md names every room of src', () => {
  const rooms = readdirSync(join(ROOT, 'src'), { withFileTypes: true })
    .filter(entry => entry.isDirectory())
    .map(({ name }) => name)
  const readme = readRepositoryFile('README.md')
  assert.deepEqual(
    rooms.filter(room => !new RegExp(`^(?:.* )?src/${room} `, 'm').test(readme)),
    [],
  )
})

test('docs/command-line.md names every flag of the command line', () => {
  const flags = [
    ...readRepositoryFile('src/commands/command-line.ts').matchAll(
      /'(?:-p, )?--([\w.-]+)(?: <\w+>)?'/g,
    ),
  ].map(match => match[1] ?? '')
  const page = readRepositoryFile('docs/command-line.md')
  assert.ok(flags.length > 10)
  assert.deepEqual(
    flags.filter(
      flag =>
        flag !== 'windows-service' &&
        !new RegExp(`[\`\\[ ]-{1,2}${RegExp.escape(flag)}\\b`).test(page),
    ),
    [],
  )
})

test('docs/benchmarks.md is wrapped as the bench writes it', () => {
  const page = readRepositoryFile('docs/benchmarks.md')
  assert.equal(wrapMarkdown(page), page)
})
