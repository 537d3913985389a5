// What the program says of itself. Each line's source is loaded when it is asked for.

/** The first words of command lines that are no flags. */
export const VERBS: ReadonlyMap<string, { readonly syntax: string; readonly does: string }> =
  new Map([
    ['check', { syntax: 'check [file...]', does: 'say what the server would refuse in Corefiles' }],
    ['help', { syntax: 'help [plugin]', does: 'tell of a plugin and its options' }],
    ['version', { syntax: 'version', does: 'print the version' }],
  ])

/** Our version, and the release of CoreDNS that we follow. */
export const versionLines = async (): Promise<string> =>
  `${(await import('../process/version.ts')).versionText()}\n`

/**
 * The supported plugins in alphabetical order, one a line, and an empty line after the last, as
 * CoreDNS prints them. `names` are these with others that were given.
 */
export const pluginLines = async (names?: readonly string[]): Promise<string> => {
  const found = names ?? (await import('../plugins/index.ts')).PLUGIN_NAMES
  return `${found.toSorted().join('\n')}\n\n`
}
