// Small plugins, as text: modules from outside (plugin-folder.ts), and the files of a folder in a
// copy of the program (program-copy.ts).

/** A module that defines a plugin with these members, in TypeScript that says nothing of types. */
export const defined = (members: string, before = ''): string =>
  `${before}\nexport default { ${members} }\n`
export const PASSES = 'serve: () => ({})'

/** With that in its control half. */
export const controlled = (body: string): string =>
  defined(`control: (options, scope) => { ${body} }`)

/** With that in its serve half. */
export const served = (body: string): string =>
  defined(`serve: (options, scope) => { ${body}; return {} }`)

/** An index.ts with these members beside the name. */
export const index = (members: string, before = ''): string =>
  `${before}\nexport const whoami = { name: 'whoami', ${members} }\n`
export const OPTIONS = 'parse: () => ({})'
export const CONTROL = `control: () => import('./control.ts')`
export const SERVE = `serve: () => import('./serve.ts')`
/** A serve.ts. */
export const PASSING = 'export const serve = () => ({ wrap: next => next })\n'

/** `files` are of a plugin of that name. */
export const named = (name: string, files: Readonly<Record<string, string>>) =>
  Object.fromEntries(
    Object.entries(files).map(([file, text]) => [file, text.replaceAll('whoami', name)]),
  )
