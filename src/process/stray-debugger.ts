// Node opens its debugger, which runs whatever it is told, when SIGUSR1 comes before we have a
// handler for it. For a server that signal means a reload: nobody has asked for a debugger.
// (`--disable-sigusr1` is no way out: with it Node 26 leaves the signal blocked for good.)

/**
 * Closes a debugger that no flag has asked for. It may come up a moment after the signal: to be
 * called again once the server runs.
 */
export const closeStrayDebugger = (): void => {
  const flags = [...process.execArgv, ...(process.env.NODE_OPTIONS ?? '').split(' ')]
  if (flags.some(flag => flag.startsWith('--inspect'))) return
  const inspector = process.getBuiltinModule('node:inspector')
  if (inspector.url() !== undefined) inspector.close()
}
