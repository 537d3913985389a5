// What the program says of itself. Each line's source is loaded when it is asked for.

/** Our version, and the release of CoreDNS that we follow. */
export const versionLines = async (): Promise<string> =>
  `${(await import('../process/version.ts')).versionText()}\n`

/**
 * The supported plugins in alphabetical order, one a line, and an empty line after the last, as
 * CoreDNS prints them.
 */
export const pluginLines = async (): Promise<string> => {
  const { PLUGIN_NAMES } = await import('../plugins/index.ts')
  return `${PLUGIN_NAMES.toSorted().join('\n')}\n\n`
}
