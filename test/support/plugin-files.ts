// The files of small plugins, as text: for a folder in a copy of the program (program-copy.ts).

/** An index.ts with these members beside the name, and TypeScript that says nothing of types. */
export const index = (members: string, before = ''): string =>
  `${before}\nexport const whoami = { name: 'whoami', ${members} }\n`
export const OPTIONS = 'parse: () => ({})'
export const CONTROL = `control: () => import('./control.ts')`
export const SERVE = `serve: () => import('./serve.ts')`
export const PASSES = 'export const serve = () => ({ wrap: next => next })\n'

/** A plugin with that in its control half. */
export const controlled = (body: string): Record<string, string> => ({
  'index.ts': index(`${OPTIONS}, ${CONTROL}`),
  'control.ts': `export const control = (options, scope) => { ${body} }\n`,
})

/** A plugin with that in its serve half. */
export const served = (body: string) => ({
  'index.ts': index(`${OPTIONS}, ${SERVE}`),
  'serve.ts': `export const serve = (options, scope) => { ${body}; return { wrap: next => next } }\n`,
})

/** `files` are of a plugin of that name. */
export const named = (name: string, files: Readonly<Record<string, string>>) =>
  Object.fromEntries(
    Object.entries(files).map(([file, text]) => [file, text.replaceAll('whoami', name)]),
  )
